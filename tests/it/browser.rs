//! One story in a real browser: an officer signs in and sees the board move while a warning is delivered. The last
//! picture is kept as an artefact.

use mingluo_console::{api, people, people::People, web};
use mingluo_ledger::store::{OfficerRow, OrgRow};
use mingluo_model::owner::Role;
use mingluo_rehearsal::city::{City, CityOrder};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use thirtyfour::{ChromiumLikeCapabilities, prelude::*};
use tokio::net::TcpListener;

const PASSWORD: &str = "a long enough password";

/// The driver, ended with the story.
struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    fn start() -> Option<Self> {
        if !Path::new("/usr/bin/chromedriver").exists() || !Path::new("/usr/bin/chromium").exists() {
            assert!(
                std::env::var_os("MINGLUO_NEED_BROWSER").is_none(),
                "chromium and chromium-driver are missing"
            );
            eprintln!("skipped: chromium and chromium-driver are not installed");
            return None;
        }
        let mut process = Command::new("/usr/bin/chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port =
            said.find_map(|line| port_told(&line)).expect("chromedriver ended without telling its port");
        // Read on, or the driver would block on a full pipe.
        std::thread::spawn(move || said.for_each(drop));
        Some(Self { process, address: format!("http://127.0.0.1:{port}") })
    }
}

/// `ChromeDriver was started successfully on port 40123.`
fn port_told(line: &str) -> Option<u16> {
    line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn browser(driver: &Driver, city: &City) -> WebDriver {
    let mut wishes = DesiredCapabilities::chrome();
    let profile = city.folder().join("browser");
    for wish in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1440,900",
        &format!("--user-data-dir={}", profile.display()),
    ] {
        wishes.add_arg(wish).unwrap();
    }
    WebDriver::new(&driver.address, wishes).await.expect("the browser starts")
}

/// Serves the console's pages and API on a free port.
async fn serve(city: &City) -> SocketAddr {
    let officer = city.officer(9, &[Role::Author, Role::Auditor]);
    let org = OrgRow { id: officer.owner.org, name: "抚顺市应急管理局".into(), owner: officer.owner };
    let row = OfficerRow {
        officer,
        login: "li".into(),
        name: "李明".into(),
        password_hash: people::hash_password(PASSWORD).unwrap(),
        enabled: true,
    };
    city.console.store.save_people(&[org], &[row], &[]).await.unwrap();
    let console = Arc::clone(&city.console);
    let people = Arc::new(People::new(Arc::clone(&console.store), console.clock.clone()));
    let routes = api::routes(&console, &people).merge(web::routes(&console, &people));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn board_text(page: &WebDriver) -> String {
    page.find(By::Css("main")).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_signs_in_and_sees_the_board_move() {
    let Some(driver) = Driver::start() else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let city =
        City::start(CityOrder { recipients: 600, licence: 100, ..CityOrder::default() }).await.unwrap();
    let address = serve(&city).await;
    let page = browser(&driver, &city).await;
    page.goto(format!("http://{address}/live/")).await.unwrap();
    page.find(By::Name("name")).await.unwrap().send_keys("li").await.unwrap();
    page.find(By::Name("password")).await.unwrap().send_keys(PASSWORD).await.unwrap();
    page.find(By::Css("button.pri")).await.unwrap().click().await.unwrap();
    page.query(By::Css("main[data-stream]")).first().await.unwrap();

    let live = &city.console.live;
    let order = city.order(
        "red",
        "预计未来3小时清原镇、红透山镇降雨量将达100毫米以上，请立即转移。",
        Duration::from_hours(1),
    );
    let red = city.issue(live, &order).await.unwrap();
    let mut seen = vec![board_text(&page).await];
    let patience = city.console.clock.now().plus(Duration::from_mins(1));
    while seen.len() < 4 || !seen.last().is_some_and(|text| text.contains("暴雨")) {
        assert!(city.console.clock.now() < patience, "the board did not move in a minute: {seen:?}");
        let text = board_text(&page).await;
        if seen.last() != Some(&text) {
            seen.push(text);
        }
        city.console.clock.sleep(Duration::from_millis(50)).await;
    }
    city.settled(live, red.id).await.unwrap();
    let artefacts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../artefacts");
    std::fs::create_dir_all(&artefacts).unwrap();
    page.screenshot(&artefacts.join("board.png")).await.unwrap();
    page.quit().await.unwrap();
    city.end().await.unwrap();
}
