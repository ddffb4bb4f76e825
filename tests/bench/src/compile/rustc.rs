//! rustc without cargo: the command that compiles one crate, and the processor time that it takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::process::{Result, cargo};

/// The command that compiles a crate of the workspace, once its dependencies are built.
pub(super) struct Rustc {
    root: PathBuf,
    source: PathBuf,
    command: String,
}

impl Rustc {
    pub(super) fn of(root: &Path, cargo: &[&str], name: &str) -> Result<Self> {
        let source = root.join(name).join("src/main.rs");
        // A file that has changed is compiled again, and its command shown.
        fs::write(&source, fs::read(&source)?)?;
        let mut cargo = in_workspace(root, cargo);
        let shown = cargo.args(["-p", name, "--verbose"]).output()?;
        let text = String::from_utf8(shown.stderr)?;
        let crate_name = format!("--crate-name {} ", name.replace('-', "_"));
        let line = text.lines().find(|line| line.contains(&crate_name));
        let command = line.and_then(|line| Some(line.split_once('`')?.1.rsplit_once('`')?.0));
        match command.filter(|_| shown.status.success()) {
            Some(command) => {
                Ok(Self { root: root.to_owned(), source, command: command.to_owned() })
            }
            None => Err(format!("{name} was not built:\n{text}").into()),
        }
    }

    /// The same from nothing, and for nothing.
    pub(super) fn without_incremental(&self) -> Self {
        let words = self.command.split(' ');
        let mut kept: Vec<&str> = Vec::new();
        for word in words {
            match word.starts_with("incremental=") {
                // And the `-C` before it.
                true => drop(kept.pop()),
                false => kept.push(word),
            }
        }
        Self { root: self.root.clone(), source: self.source.clone(), command: kept.join(" ") }
    }

    /// Changes what one of the functions does.
    pub(super) fn edit(&self, to: u32) -> Result<()> {
        let text = fs::read_to_string(&self.source)?;
        let start = text.find("/r0").ok_or("there is a first function")? + "/r0".len();
        let end = start + text[start..].find('/').ok_or("its URL goes on")?;
        Ok(fs::write(&self.source, format!("{}v{to}{}", &text[..start], &text[end..]))?)
    }

    /// The processor time of a run, in seconds.
    pub(super) fn run(&self) -> Result<f64> {
        processor_time(&mut self.command(&self.command))
    }

    /// What rustc says when it is given an unstable option.
    pub(super) fn unstable(&self, options: &str) -> Result<String> {
        let shown = self
            .command(&format!("{} {options}", self.command))
            .env("RUSTC_BOOTSTRAP", "1")
            .stderr(Stdio::piped())
            .output()?;
        Ok(String::from_utf8(shown.stderr)? + &String::from_utf8(shown.stdout)?)
    }

    fn command(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        // The diagnostics are cargo's JSON.
        shell.current_dir(&self.root).args(["-c", command]).stderr(Stdio::null());
        shell
    }
}

/// Cargo, in the workspace of the crates.
pub(super) fn in_workspace(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(root).args(args).env("CARGO_TARGET_DIR", root.join("target"));
    command
}

/// The processor time of a command, with that of the commands that it runs, in seconds.
pub(super) fn processor_time(command: &mut Command) -> Result<f64> {
    let before = processor_time_of_children()?;
    match command.status()?.success() {
        true => Ok(processor_time_of_children()? - before),
        false => Err(format!("{command:?} failed").into()),
    }
}

/// What the processes that this one started and waited for have used of the processor, in seconds
/// (proc(5): `cutime` and `cstime`, in ticks of 10 ms).
fn processor_time_of_children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(") ").ok_or("proc(5)")?.1;
    let ticks: Vec<f64> = after_name.split(' ').skip(13).take(2).flat_map(str::parse).collect();
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
