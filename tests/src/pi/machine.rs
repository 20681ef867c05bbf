//! The board: a QEMU process, its shell to type at, and the monitor that reads its registers.

use super::card;
use anyhow::{Context as _, Result, bail, ensure};
use mingluo_model::clock::{Clock, SharedClock, within};
use std::{fs::File, net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    process::{Child, Command},
};

/// From switching on to the shell's first answer; 7 s on a calm machine.
const BOOT_LIMIT: Duration = Duration::from_mins(4);
/// For the shell to answer whoever asked for it: a board that is not up yet answers nobody.
const SHELL_LIMIT: Duration = Duration::from_secs(5);
/// For one command.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);
/// Which function a pin has, ten pins a word; three bits each, 1 is output. Source: BCM2835 ARM peripherals, 6.1.
const FUNCTIONS: u64 = 0x3f20_0004;
/// The level of pins 0 to 31. Source: the same.
const LEVELS: u64 = 0x3f20_0034;

/// A running board.
pub struct Machine {
    qemu: Child,
    monitor: Wire<UnixStream>,
    shell: Wire<TcpStream>,
    clock: SharedClock,
}

/// One pin as the registers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinState {
    /// Whether it drives.
    pub is_output: bool,
    /// Whether it is high.
    pub is_high: bool,
}

impl std::fmt::Display for PinState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = if self.is_high { "HIGH" } else { "low" };
        write!(out, "{} {level}", if self.is_output { "output" } else { "input" })
    }
}

impl Machine {
    /// Switches a board on and waits until its shell answers.
    ///
    /// # Errors
    /// When QEMU does not start, or the board does not come up in time.
    pub async fn boot(dir: &Path, root: &Path, archive: &Path, clock: SharedClock) -> Result<Self> {
        let (image, board) = card::kernel(root)?;
        let monitor = dir.join("monitor");
        let unix = format!("unix:{},server=on,wait=off", monitor.display());
        let door = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let network = format!("user,id=net,hostfwd=tcp:{door}-:{}", card::SHELL_PORT);
        let kernel_log = format!("file:{}", dir.join("kernel.log").display());
        let mut qemu = Command::new("qemu-system-aarch64");
        qemu.args(["-M", "raspi3b", "-m", "1G", "-display", "none", "-no-reboot"])
            .arg("-kernel")
            .arg(image)
            .arg("-dtb")
            .arg(board)
            .arg("-initrd")
            .arg(archive)
            // Mainline kernels have no /dev/gpiomem, so the pins are reached through /dev/mem.
            .args(["-append", "console=ttyAMA0,115200 iomem=relaxed rdinit=/init panic=5"])
            .args(["-netdev", &network, "-device", "usb-net,netdev=net"])
            .args(["-serial", &kernel_log, "-monitor", &unix])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // Its model of the network card complains of every kernel that asks for a qualifier it lacks.
            .stderr(File::create(dir.join("qemu.log"))?)
            .kill_on_drop(true);
        let mut qemu = qemu.spawn().context("qemu-system-aarch64")?;
        let mut monitor = Wire::to_monitor(&monitor, &mut qemu, clock.as_ref()).await?;
        within(clock.as_ref(), ANSWER_LIMIT, monitor.until("(qemu) ")).await??;
        let shell = Wire::to_shell(door, &mut qemu, clock.as_ref());
        let shell = Box::pin(within(clock.as_ref(), BOOT_LIMIT, shell))
            .await
            .context("the board did not come up; see kernel.log")??;
        Ok(Self { qemu, monitor, shell, clock })
    }

    /// Types a command and gives what it wrote.
    ///
    /// # Errors
    /// When it fails, or does not end in time.
    pub async fn run(&mut self, command: &str) -> Result<String> {
        self.shell.write(&format!("{command}; echo \"end420=$?.\"\n")).await?;
        let clock = self.clock.clone();
        let answer = async {
            let text = self.shell.until("end420=").await?;
            Ok::<_, anyhow::Error>((text, self.shell.until(".").await?))
        };
        let (text, status) = within(clock.as_ref(), ANSWER_LIMIT, answer)
            .await
            .with_context(|| format!("the board's shell does not answer: {command}"))??;
        ensure!(status == "0", "on the board: {command}: status {status}: {text}");
        Ok(text)
    }

    /// Reads a pin's registers from outside.
    ///
    /// # Errors
    /// When the monitor does not answer.
    pub async fn pin(&mut self, number: u8) -> Result<PinState> {
        let functions = self.word(FUNCTIONS + u64::from(number / 10 * 4) - 4).await?;
        let is_high = self.word(LEVELS).await? >> number & 1 == 1;
        Ok(PinState { is_output: functions >> (number % 10 * 3) & 7 == 1, is_high })
    }

    /// Watches the pin until it has this level; tells how long that took from now.
    ///
    /// # Errors
    /// When it does not within the limit.
    pub async fn watch(&mut self, number: u8, is_high: bool, limit: Duration) -> Result<Duration> {
        let since = self.clock.ticks();
        loop {
            let high = self.word(LEVELS).await? >> number & 1 == 1;
            let passed = self.clock.ticks().saturating_sub(since);
            if high == is_high {
                return Ok(passed);
            }
            if passed > limit {
                bail!(
                    "pin {number} did not become {} within {limit:?}",
                    if is_high { "high" } else { "low" }
                );
            }
            self.clock.sleep(Duration::from_micros(200)).await;
        }
    }

    async fn word(&mut self, address: u64) -> Result<u32> {
        self.monitor.write(&format!("xp /1wx {address:#x}\n")).await?;
        let text = self.monitor.until("(qemu) ").await?;
        let (_, value) = text.split_once(": 0x").with_context(|| format!("the monitor says {text:?}"))?;
        let digits: String = value.chars().take_while(char::is_ascii_hexdigit).collect();
        u32::from_str_radix(&digits, 16).with_context(|| format!("the monitor says {text:?}"))
    }

    /// Pulls the plug.
    ///
    /// # Errors
    /// When the process cannot be ended.
    pub async fn unplug(mut self) -> Result<()> {
        Ok(self.qemu.kill().await?)
    }
}

/// A socket on which one types and reads.
struct Wire<S> {
    socket: S,
    heard: Vec<u8>,
}

impl Wire<UnixStream> {
    async fn to_monitor(path: &Path, qemu: &mut Child, clock: &dyn Clock) -> Result<Self> {
        loop {
            if let Ok(socket) = UnixStream::connect(path).await {
                return Ok(Self { socket, heard: Vec::new() });
            }
            ensure!(qemu.try_wait()?.is_none(), "qemu ended before it could be reached");
            clock.sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Wire<TcpStream> {
    /// The emulated network takes the call at once; whether somebody is there, the shell's own answer says.
    async fn to_shell(door: SocketAddr, qemu: &mut Child, clock: &dyn Clock) -> Result<Self> {
        loop {
            let mut shell = Self { socket: TcpStream::connect(door).await?, heard: Vec::new() };
            let greeting = async {
                shell.write("echo awake\n").await?;
                shell.until("awake\n").await
            };
            if within(clock, SHELL_LIMIT, greeting).await.is_ok_and(|answer| answer.is_ok()) {
                return Ok(shell);
            }
            ensure!(qemu.try_wait()?.is_none(), "qemu ended; see kernel.log");
            clock.sleep(Duration::from_millis(200)).await;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    async fn write(&mut self, text: &str) -> Result<()> {
        Ok(self.socket.write_all(text.as_bytes()).await?)
    }

    /// Everything up to this word, which is taken away too. What came without it is kept when the wait is given up.
    async fn until(&mut self, word: &str) -> Result<String> {
        loop {
            let text = String::from_utf8_lossy(&self.heard).into_owned();
            if let Some((before, after)) = text.split_once(word) {
                let before = before.to_owned();
                self.heard = after.as_bytes().to_vec();
                return Ok(before);
            }
            let mut buffer = [0; 4096];
            let count = self.socket.read(&mut buffer).await?;
            ensure!(count > 0, "the board is gone");
            self.heard.extend_from_slice(&buffer[..count]);
        }
    }
}
