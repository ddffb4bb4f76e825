//! Starts the server and the clients, each a process of its own, on processors of their own.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use crate::callgrind::Counts;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The processors of the clients and of the server, where there are two and `taskset`.
const CLIENT: &str = "0";
const SERVER: &str = "1";

/// The server, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let mut child = pinned(SERVER, &env::current_exe()?)
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("the server has an output")?;
        BufReader::new(output).read_line(&mut line)?;
        match line.is_empty() {
            false => Ok(Self(child)),
            true => Err("the server does not listen".into()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What a client printed of a run in which it had requests in flight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Nanoseconds of the processor for each request.
    pub(crate) processor: f64,
    /// The most memory it had, in KiB.
    pub(crate) memory: f64,
}

/// Runs a client with a number of requests in flight.
pub(crate) fn concurrent(client: &str, case: &str, in_flight: u32, millis: u32) -> Result<Run> {
    let mut command = command(client, case, &[])?;
    command.args([case, "concurrent", &in_flight.to_string(), &millis.to_string()]);
    let line = output(&mut command)?;
    let numbers: Vec<f64> = line.split_whitespace().flat_map(str::parse).collect();
    let [calls, wall, processor, memory] = numbers[..] else {
        return Err(format!("{client} printed {line:?}").into());
    };
    Ok(Run { rate: calls / wall * 1e9, processor: processor / calls, memory })
}

/// Runs a client with this many concurrent requests, and returns its peak memory in KiB.
pub(crate) fn held(client: &str, in_flight: u32) -> Result<f64> {
    let mut command = command(client, "held", &[])?;
    let line = output(command.args(["held", "held", &in_flight.to_string()]))?;
    let memory = line.split_whitespace().last().and_then(|memory| memory.parse().ok());
    memory.ok_or_else(|| format!("{client} printed {line:?}").into())
}

/// Runs a client under callgrind, for this many sequential requests.
pub(crate) fn counted(client: &str, case: &str, requests: u64) -> Result<Counts> {
    let file = scratch()?.join("callgrind.out");
    let valgrind = [
        "valgrind".into(),
        "--tool=callgrind".into(),
        "--quiet".into(),
        format!("--callgrind-out-file={}", file.display()),
    ];
    let mut command = command(client, case, &valgrind)?;
    output(command.args([case, "sequential", &requests.to_string()]))?;
    Ok(Counts::parse(&fs::read_to_string(file)?))
}

fn command(client: &str, case: &str, wrapper: &[String]) -> Result<Command> {
    let mut words: Vec<PathBuf> = wrapper.iter().map(PathBuf::from).collect();
    words.extend(match client {
        "attribute" | "naive" if case == "gzip-64k" => {
            vec![with_gzip()?.clone(), client.into()]
        }
        "attribute"
        | "attribute-over-reqwest"
        | "attribute-filtered"
        | "attribute-discarded"
        | "attribute-unsampled"
        | "naive"
        | "naive-again"
        | "policy" => {
            // The control is the same program once more.
            let client = client.trim_end_matches("-again");
            vec![env::current_exe()?, "client".into(), client.into()]
        }
        "aiohttp" | "aiohttp-fresh" => {
            let python = python().ok_or("aiohttp is not here")?;
            vec![python.into(), source().join("aiohttp_client.py"), client.into()]
        }
        peer => vec![peers()?.clone(), peer.into()],
    });
    let mut command = pinned(CLIENT, &words[0]);
    command.args(&words[1..]);
    Ok(command)
}

/// The program of the peers, built when it is first asked for.
fn peers() -> Result<&'static PathBuf> {
    static PEERS: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let built = PEERS.get_or_init(|| {
        let target = scratch().map_err(|error| error.to_string())?.join("peers");
        let built = Command::new(cargo())
            .args(["build", "--quiet", "--release", "--locked", "--manifest-path"])
            .arg(source().join("peers/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status();
        match built {
            Ok(status) if status.success() => Ok(target.join("release/backstop-bench-peers")),
            other => Err(format!("the peers were not built: {other:?}")),
        }
    });
    built.as_ref().map_err(|error| error.as_str().into())
}

/// The program of the clients with the feature `gzip`, built when it is first asked for.
fn with_gzip() -> Result<&'static PathBuf> {
    static PROGRAM: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| build_with("gzip").map_err(|error| error.to_string()));
    built.as_ref().map_err(|error| error.as_str().into())
}

/// Builds the program that measures with a feature: `backstop-bench-FEATURE`.
fn build_with(feature: &str) -> Result<PathBuf> {
    let name = format!("backstop-bench-{feature}");
    let built = Command::new(cargo())
        .args(["build", "--quiet", "--release", "--locked", "--features", feature, "--bin", &name])
        .arg("--manifest-path")
        .arg(source().join("Cargo.toml"))
        .status();
    match built {
        Ok(status) if status.success() => Ok(env::current_exe()?.with_file_name(name)),
        other => Err(format!("{name} was not built: {other:?}").into()),
    }
}

/// How many calls a second one thread makes under a script.
pub(crate) fn scripted_calls() -> Result<f64> {
    let program = build_with("testing")?;
    let printed = output(&mut pinned(CLIENT, &program))?;
    Ok(printed.trim().parse()?)
}

/// A Python that has aiohttp: `$PYTHON`, or `python3`.
pub(crate) fn python() -> Option<&'static str> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let python = env::var("PYTHON").unwrap_or_else(|_| "python3".into());
        let imports = Command::new(&python).args(["-c", "import aiohttp"]).output();
        imports.is_ok_and(|output| output.status.success()).then_some(python)
    });
    found.as_deref()
}

/// Whether a program is installed.
pub(crate) fn is_here(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

pub(crate) fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or("cargo".into(), PathBuf::from)
}

/// The folder of this crate.
pub(crate) fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder for what the bench writes, in the target directory.
pub(crate) fn scratch() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).ok_or("the program is in a target directory")?;
    let scratch = target.join("bench");
    fs::create_dir_all(&scratch)?;
    Ok(scratch)
}

/// Input: a command. Output: what it printed, if it succeeded.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(format!("{command:?} failed: {}", output.status).into()),
    }
}

fn pinned(processor: &str, program: impl AsRef<OsStr>) -> Command {
    static PINS: OnceLock<bool> = OnceLock::new();
    let has_two = thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
    if *PINS.get_or_init(|| has_two && is_here("taskset")) {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", processor]).arg(program);
        return command;
    }
    Command::new(program)
}
