//! An OpenSMTPD of a story's own: Debian's package in a root folder that is made for it, since it knows no other places than
//! those it was built for, and is run by users that it brings along. Only root can have one.

use super::soon;
use mingluo_model::clock::system::SystemClock;
use mingluo_rehearsal::postfix::{free_port, is_root, until_open};
use std::{
    fmt::Write,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::{Child, Command};

/// Users and groups that it changes to; numbers that Debian gives to nobody.
const USERS: &str =
    "root:x:0:0::/:/bin/false\nopensmtpd:x:901:901::/:/bin/false\nopensmtpq:x:902:902::/:/bin/false\n";
const GROUPS: &str = "root:x:0:\nopensmtpd:x:901:\nopensmtpq:x:902:\n";

/// Device files of Linux (Documentation/admin-guide/devices.txt): name and minor number, all of major number 1.
const DEVICES: [(&str, &str); 3] = [("null", "3"), ("random", "8"), ("urandom", "9")];

pub(super) struct OpenSmtpd {
    /// Where it takes mail, on this machine.
    pub(super) port: u16,
    /// Where it takes mail after STARTTLS only.
    pub(super) strict_port: u16,
    _process: Child,
    root: tempfile::TempDir,
}

impl OpenSmtpd {
    /// Starts one that hands the mail of these domains to these ports, takes no other, and shows this certificate; `None`
    /// where it cannot be had.
    pub(super) async fn start(
        home: &Path,
        routes: &[(&str, u16)],
        certificate: &rcgen::CertifiedKey<rcgen::KeyPair>,
    ) -> Option<Self> {
        let unpacked = home.join("opensmtpd");
        if !is_root() || !unpacked.join("usr/sbin/smtpd").exists() {
            eprintln!("SKIPPED, NOT TESTED: OpenSMTPD wants root and Debian's package");
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        let port = free_port().await.unwrap();
        let strict_port =
            (port + 1..port + 500).find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok());
        let strict_port = strict_port.unwrap();
        furnish(root.path(), &unpacked).await;
        let at = |name: &str| root.path().join(name);
        fs::write(at("etc/smtpd.conf"), rules(port, strict_port, routes)).unwrap();
        fs::write(at("etc/cert.pem"), certificate.cert.pem()).unwrap();
        fs::write(at("etc/key.pem"), certificate.signing_key.serialize_pem()).unwrap();
        permit(&at("etc/key.pem"), 0o600);
        let log = fs::File::create(at("log")).unwrap();
        let mut command = Command::new("chroot");
        command.arg(root.path()).args(["/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let process = command.spawn().unwrap();
        until_open(port, &*SystemClock::shared()).await.unwrap();
        Some(Self { port, strict_port, _process: process, root })
    }

    /// What it logged, for a story that fails.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.root.path().join("log")).unwrap_or_default()
    }
}

/// The hours of a real queue in seconds.
fn rules(port: u16, strict_port: u16, routes: &[(&str, u16)]) -> String {
    let mut rules = format!(
        "pki mx.warn.example cert \"/etc/cert.pem\"\npki mx.warn.example key \"/etc/key.pem\"\n\
         queue ttl 5s\nbounce warn-interval 1s\n\
         listen on 127.0.0.1 port {port} hostname mx.warn.example\n\
         listen on 127.0.0.1 port {strict_port} tls-require pki mx.warn.example hostname mx.warn.example\n"
    );
    for (number, (domain, port)) in routes.iter().enumerate() {
        write!(
            rules,
            "action \"way{number}\" relay host smtp://127.0.0.1:{port}\n\
             match from any for domain \"{domain}\" action \"way{number}\"\n"
        )
        .unwrap();
    }
    rules
}

/// The program with its libraries, its users, and the folders and devices that it looks for.
async fn furnish(root: &Path, unpacked: &Path) {
    for name in ["dev", "etc", "tmp", "usr/sbin", "var/run", "var/lib/opensmtpd/empty", "var/spool/smtpd"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    permit(root, 0o755);
    permit(&root.join("var/spool/smtpd"), 0o711);
    let program = unpacked.join("usr/sbin/smtpd");
    fs::copy(&program, root.join("usr/sbin/smtpd")).unwrap();
    for library in libraries(&program).await {
        let place = root.join(library.strip_prefix("/").unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&library, place).unwrap();
    }
    for (name, minor) in DEVICES {
        let device = root.join("dev").join(name);
        let made = Command::new("mknod").arg(&device).args(["c", "1", minor]).status().await.unwrap();
        assert!(made.success(), "{}", device.display());
        permit(&device, 0o666);
    }
    fs::write(root.join("etc/passwd"), USERS).unwrap();
    fs::write(root.join("etc/group"), GROUPS).unwrap();
    fs::write(root.join("etc/hosts"), "127.0.0.1 localhost mx.warn.example\n").unwrap();
    fs::write(root.join("etc/mailname"), "mx.warn.example\n").unwrap();
}

/// Where the loader finds what a program is linked with.
async fn libraries(program: &Path) -> Vec<PathBuf> {
    let told = soon(Command::new("ldd").arg(program).output()).await.unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(!text.contains("not found"), "install the libraries of OpenSMTPD: {text}");
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
