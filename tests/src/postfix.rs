//! A Postfix of one's own: unpacked, with its own queue on a free port of this machine, gone when it is dropped. It
//! insists on changing users, so that only root can have one.

use anyhow::{Context, Result, bail};
use mingluo_model::clock::{Clock, within};
use std::{
    fmt::Write,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// Where the package keeps its programs and libraries.
const HOME: &str = "usr/lib/postfix";

/// Folders of the queue: those of the mail's owner alone, and those that others reach.
const PRIVATE: [&str; 11] = [
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
    "trace",
];
const SHARED: [(&str, u32); 2] = [("maildrop", 0o730), ("public", 0o710)];

/// What Postfix starts, besides the server at the port.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
discard unix - - n - - discard
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// How long a mail server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(40);

/// A Postfix that runs.
pub struct Postfix {
    /// Where it takes mail, on this machine.
    pub port: u16,
    _process: Child,
    folder: TempDir,
}

impl Postfix {
    /// Whether one can be had from the package that is unpacked under `root`.
    pub fn can_run(root: &Path) -> bool {
        is_root() && root.join(HOME).join("sbin/master").exists()
    }

    /// Starts one whose queue is under `disk`. It hands the mail of these domains on by these ways, like
    /// `smtp:[127.0.0.1]:2525`.
    ///
    /// # Errors
    /// When it cannot be had, or does not listen in time.
    pub async fn start(
        root: &Path,
        disk: &Path,
        routes: &[(&str, String)],
        clock: &dyn Clock,
    ) -> Result<Self> {
        if !Self::can_run(root) {
            bail!("Postfix wants root and Debian's package under {}", root.display());
        }
        let unpacked = fs::canonicalize(root.join(HOME))?;
        let folder = tempfile::tempdir_in(disk)?;
        let port = free_port().await?;
        write(folder.path(), &unpacked, port, routes).context("the files of Postfix")?;
        let mut command = Command::new(unpacked.join("sbin/master"));
        command.arg("-c").arg(folder.path().join("conf")).arg("-s").env("LD_LIBRARY_PATH", &unpacked);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn()?;
        until_open(port, clock).await.context("Postfix")?;
        Ok(Self { port, _process: process, folder })
    }

    /// What it logged, for a story that fails.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("queue/maillog")).unwrap_or_default()
    }
}

/// Whether this process may become other users.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|owner| owner.uid() == 0)
}

/// Waits until something listens there.
///
/// # Errors
/// When nothing does in time.
pub async fn until_open(port: u16, clock: &dyn Clock) -> Result<()> {
    let open = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            clock.sleep(Duration::from_millis(20)).await;
        }
    };
    within(clock, PATIENCE, open).await.with_context(|| format!("nothing listens at port {port}"))
}

/// Free now, and below the ports that the system gives to callers, so that none of them takes it meanwhile.
///
/// # Errors
/// When two thousand are taken.
pub async fn free_port() -> Result<u16> {
    let start = 20_000 + (std::process::id() % 10_000) as u16;
    for port in start..start + 2_000 {
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from {start} on is free")
}

fn write(folder: &Path, unpacked: &Path, port: u16, routes: &[(&str, String)]) -> Result<()> {
    let at = |name: &str| folder.join(name);
    let permit = |path: PathBuf, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    permit(folder.to_owned(), 0o755)?;
    for name in ["conf", "data", "queue", "queue/pid"] {
        fs::create_dir(at(name))?;
        permit(at(name), 0o755)?;
    }
    // The users that every Debian has: 1 is `daemon`, and 8 the group `mail`.
    for name in PRIVATE {
        fs::create_dir(at("queue").join(name))?;
        chown(at("queue").join(name), Some(1), None)?;
        permit(at("queue").join(name), 0o700)?;
    }
    for (name, mode) in SHARED {
        fs::create_dir(at("queue").join(name))?;
        chown(at("queue").join(name), Some(1), Some(8))?;
        permit(at("queue").join(name), mode)?;
    }
    chown(at("data"), Some(1), None)?;
    permit(at("data"), 0o700)?;
    let mut ways = String::new();
    for (domain, way) in routes {
        write!(ways, "{{{domain}={way}}}, ")?;
    }
    let (unpacked, folder) = (unpacked.display(), folder.display());
    // The hours of a real queue in seconds.
    let main = format!(
        "compatibility_level = 3.6\nqueue_directory = {folder}/queue\ndata_directory = {folder}/data\n\
         command_directory = {unpacked}/../../sbin\ndaemon_directory = {unpacked}/sbin\nshlib_directory = {unpacked}\n\
         meta_directory = {folder}/conf\nmail_owner = daemon\nsetgid_group = mail\ndefault_privs = nobody\n\
         import_environment = LD_LIBRARY_PATH={unpacked} MAIL_CONFIG TZ POSTLOG_SERVICE POSTLOG_HOSTNAME\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nmydestination =\n\
         myhostname = mx.warn.example\nalias_maps =\nalias_database =\nlocal_recipient_maps =\n\
         disable_dns_lookups = yes\nsmtp_host_lookup = native\ntransport_maps = inline:{{ {ways} }}\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\n\
         smtpd_recipient_restrictions = check_recipient_access inline:{{ {{refused@ok.example=REJECT}} }}\n\
         recipient_delimiter = +\nsmtpd_client_connection_rate_limit = 0\n\
         delay_warning_time = 1s\nqueue_run_delay = 1s\nminimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n\
         maximal_queue_lifetime = 4s\nbounce_queue_lifetime = 1h\n\
         maillog_file = {folder}/queue/maillog\nmaillog_file_prefixes = {folder}\n"
    );
    fs::write(at("conf/main.cf"), main)?;
    fs::write(at("conf/master.cf"), format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}"))?;
    Ok(())
}
