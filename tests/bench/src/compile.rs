//! What 500 functions cost to compile, annotated against written by hand.
//!
//! The crates are generated, and share one target directory, so that what they depend on is built
//! once; without TLS, which is the same whoever writes the functions. The command of rustc is taken
//! from cargo and run alone: what is measured is the processor time of that process,
//! `(500 functions - 1 function) / 499`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    process::{Result, cargo, output, scratch, source},
    results::Results,
    throughput::median,
};

const MANY: usize = 500;

/// How a function is written, and a crate of such functions is called.
struct Kind {
    name: &'static str,
    start: &'static str,
    function: fn(usize) -> String,
    /// How it is called.
    call: fn(usize) -> String,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "simple-attribute",
        start: "",
        function: |n| {
            format!(
                r#"
#[backstop::request(get = "https://api.example.com/r{n}/{{id}}?page={{page}}")]
pub async fn f{n}(id: u64, page: u32) -> Result<User, backstop::Error>;
"#
            )
        },
        call: |n| format!("f{n}(7, 1)"),
    },
    Kind {
        name: "simple-hand",
        start: "",
        function: |n| {
            format!(
                r#"
pub async fn f{n}(client: &reqwest::Client, id: u64, page: u32) -> Result<User, reqwest::Error> {{
    let url = format!("https://api.example.com/r{n}/{{id}}?page={{page}}");
    client.get(url).send().await?.error_for_status()?.json().await
}}
"#
            )
        },
        call: |n| format!("f{n}(&reqwest::Client::new(), 7, 1)"),
    },
    Kind {
        name: "handled-attribute",
        start: "use backstop::Json;\n",
        function: |n| {
            format!(
                r#"
#[backstop::request(
    get = "https://api.example.com/r{n}/{{id}}?page={{page}}",
    on_error(
        Connect => print,
        Status(404) => recover(None),
        _ => log,
    ),
    cleanup = release(),
)]
pub async fn f{n}(
    id: u64,
    page: u32,
    #[response] Json(user): Json<User>,
) -> Result<Option<User>, backstop::Error> {{
    Ok(Some(user))
}}
"#
            )
        },
        call: |n| format!("f{n}(7, 1)"),
    },
    Kind {
        name: "handled-hand",
        // The handlers are functions, as the library's are: a macro in each arm would cost more.
        start: r#"
fn print(error: &reqwest::Error) {
    eprintln!("{error}");
}

fn log(error: &reqwest::Error) {
    eprintln!("{error:?}");
}
"#,
        function: |n| {
            format!(
                r#"
pub async fn f{n}(
    client: &reqwest::Client,
    id: u64,
    page: u32,
) -> Result<Option<User>, reqwest::Error> {{
    let url = format!("https://api.example.com/r{n}/{{id}}?page={{page}}");
    let outcome = async {{
        let response = client.get(url).send().await?.error_for_status()?;
        response.json::<User>().await
    }};
    let error = match outcome.await {{
        Ok(user) => return Ok(Some(user)),
        Err(error) => error,
    }};
    let outcome = if error.is_connect() {{
        print(&error);
        Err(error)
    }} else if error.status() == Some(reqwest::StatusCode::NOT_FOUND) {{
        Ok(None)
    }} else {{
        log(&error);
        Err(error)
    }};
    release();
    outcome
}}
"#
            )
        },
        call: |n| format!("f{n}(&reqwest::Client::new(), 7, 1)"),
    },
    Kind {
        name: "simple-traced",
        start: "",
        function: |n| {
            format!(
                r#"
#[tracing::instrument(skip(client))]
pub async fn f{n}(client: &reqwest::Client, id: u64, page: u32) -> Result<User, reqwest::Error> {{
    let url = format!("https://api.example.com/r{n}/{{id}}?page={{page}}");
    client.get(url).send().await?.error_for_status()?.json().await
}}
"#
            )
        },
        call: |n| format!("f{n}(&reqwest::Client::new(), 7, 1)"),
    },
];

const COMMON: &str = r#"
use std::{future::Future, hint::black_box, pin::pin, task::{Context, Waker}};

#[derive(Debug, serde::Deserialize)]
pub struct User {
    pub id: u64,
    pub name: String,
}

pub fn release() {
    black_box(());
}

fn poll(future: impl Future + Send) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}
"#;

const MANIFEST: &str = r#"
[workspace]
resolver = "3"
members = ["*"]
exclude = ["target"]

[workspace.dependencies]
reqwest = { version = "0.13.5", default-features = false, features = ["json"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
thiserror = "2"
tokio = { version = "1", features = ["rt-multi-thread", "macros"] }
tracing = "0.1"

[profile.release]
strip = true

# As the default, but for macros that are optimised.
[profile.optimised]
inherits = "dev"

[profile.optimised.build-override]
opt-level = 3
"#;

/// `cargo check`, and what comes with the dependency.
pub(crate) fn checks(results: &mut Results, quick: bool) -> Result<()> {
    let root = generate()?;
    count_crates(results, &root)?;
    let rounds = if quick { 1 } else { 5 };
    for kind in ["simple", "handled"] {
        check(results, &root, kind, rounds)?;
    }
    Ok(())
}

/// What the macro takes, and makes.
pub(crate) fn expansions(results: &mut Results, quick: bool) -> Result<()> {
    let root = generate()?;
    for who in ["attribute", "traced"] {
        expansion(results, &root, who, if quick { 3 } else { 9 })?;
    }
    Ok(())
}

/// The release build.
pub(crate) fn releases(results: &mut Results, quick: bool) -> Result<()> {
    release(results, &generate()?, if quick { 1 } else { 3 })
}

/// Writes the workspace of the crates, and returns its folder.
fn generate() -> Result<PathBuf> {
    let root = scratch()?.join("compile");
    let repository = source().ancestors().nth(2).ok_or("the repository")?;
    fs::create_dir_all(&root)?;
    fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock"))?;
    fs::copy(repository.join("rust-toolchain.toml"), root.join("rust-toolchain.toml"))?;
    let backstop = format!(
        "backstop = {{ path = {:?}, default-features = false }}\n",
        repository.join("runtime")
    );
    let mut manifest = MANIFEST.to_owned();
    let at = manifest.find("[profile").unwrap_or(manifest.len());
    manifest.insert_str(at, &backstop);
    fs::write(root.join("Cargo.toml"), manifest)?;
    for kind in KINDS {
        for functions in [1, MANY] {
            let own: &[&str] = match kind.name.rsplit_once('-') {
                Some((_, "attribute")) => &["backstop"],
                Some((_, "traced")) => &["reqwest", "tracing"],
                _ => &["reqwest"],
            };
            let dependencies = own.iter().chain(&["serde"]).copied();
            write_crate(
                &root,
                &name(kind.name, functions),
                dependencies,
                &program(kind, functions),
            )?;
        }
    }
    let plain = ["reqwest", "serde", "serde_json", "thiserror", "tokio"];
    write_crate(&root, "plain", plain.into_iter(), "fn main() {}\n")?;
    write_crate(&root, "added", plain.into_iter().chain(["backstop"]), "fn main() {}\n")?;
    Ok(root)
}

fn name(kind: &str, functions: usize) -> String {
    format!("{kind}-{functions}")
}

fn program(kind: &Kind, functions: usize) -> String {
    let mut text = format!("{COMMON}{}", kind.start);
    for n in 0..functions {
        text.push_str(&(kind.function)(n));
    }
    text.push_str("\nfn main() {\n    let mut ready = 0;\n");
    for n in 0..functions {
        let _ = writeln!(text, "    ready += u32::from(poll({}));", (kind.call)(n));
    }
    text.push_str("    println!(\"{ready}\");\n}\n");
    text
}

fn write_crate(
    root: &Path,
    name: &str,
    dependencies: impl Iterator<Item = &'static str>,
    program: &str,
) -> Result<()> {
    let mut manifest =
        format!("[package]\nname = {name:?}\nedition = \"2024\"\n\n[dependencies]\n");
    for dependency in dependencies {
        // TLS is the same on both sides: it only counts where crates are counted.
        let features = match (dependency, name) {
            ("backstop" | "reqwest", "plain" | "added") => "\"default\"",
            _ => "",
        };
        let _ =
            writeln!(manifest, "{dependency} = {{ workspace = true, features = [{features}] }}");
    }
    fs::create_dir_all(root.join(name).join("src"))?;
    fs::write(root.join(name).join("Cargo.toml"), manifest)?;
    fs::write(root.join(name).join("src/main.rs"), program)?;
    Ok(())
}

/// How many crates come with backstop that a program does not have already.
fn count_crates(results: &mut Results, root: &Path) -> Result<()> {
    let mut counts = Vec::new();
    for name in ["plain", "added"] {
        let mut tree = in_workspace(root, &["tree", "-p", name, "-e", "normal,build"]);
        let tree = output(tree.args(["--prefix", "none", "--format", "{p}", "--no-dedupe"]))?;
        let mut crates: Vec<&str> =
            tree.lines().map(|line| line.split(" (").next().unwrap_or(line)).collect();
        crates.sort_unstable();
        crates.dedup();
        // Its own name is no dependency.
        counts.push(crates.len() as f64 - 1.0);
    }
    results.set("crates/plain", counts[0]);
    results.set("crates/added", counts[1] - counts[0]);
    Ok(())
}

/// `cargo check`, from nothing and after an edit of one function.
fn check(results: &mut Results, root: &Path, kind: &str, rounds: u32) -> Result<()> {
    let hands = ["attribute", "hand"];
    let mut cold = [(); 2].map(|()| Vec::new());
    let mut touched = [(); 2].map(|()| Vec::new());
    let mut commands = Vec::new();
    for who in hands {
        for functions in [1, MANY] {
            commands.push(Rustc::of(root, &["check"], &name(&format!("{kind}-{who}"), functions))?);
        }
    }
    for round in 0..rounds {
        for (who, pair) in commands.chunks(2).enumerate() {
            let [one, many] = pair else { continue };
            let difference = many.without_incremental().run()? - one.without_incremental().run()?;
            cold[who].push(difference / (MANY - 1) as f64 * 1000.0);
            many.edit(2 * round)?;
            many.run()?;
            many.edit(2 * round + 1)?;
            touched[who].push(many.run()?);
        }
    }
    for (who, (cold, touched)) in hands.iter().zip(cold.into_iter().zip(touched)) {
        results.set(&format!("check/{kind}/{who}"), median(cold));
        results.set(&format!("touch/{kind}/{who}"), median(touched));
    }
    Ok(())
}

/// The time that rustc spends on expanding macros, in milliseconds for each function, and what it
/// makes of them. The least of several runs: it is wall time, which only grows with what else the
/// machine does.
fn expansion(results: &mut Results, root: &Path, who: &str, rounds: u32) -> Result<()> {
    let mut least = [f64::INFINITY; 2];
    for (least, functions) in least.iter_mut().zip([1, MANY]) {
        let check = &["check", "--profile", "optimised"];
        let rustc = Rustc::of(root, check, &name(&format!("simple-{who}"), functions))?;
        let rustc = rustc.without_incremental();
        for _ in 0..rounds {
            let passes = rustc.unstable("-Ztime-passes -Ztime-passes-format=json")?;
            let pass = passes.lines().find(|line| line.contains("\"macro_expand_crate\""));
            let time = pass.and_then(|pass| number_after(pass, "\"time\":"));
            *least = least.min(time.ok_or("rustc does not say how long it expanded macros")?);
        }
        if functions == MANY {
            let stats = rustc.unstable("-Zmacro-stats")?;
            let attribute = if who == "attribute" { "request]" } else { "instrument]" };
            let line = stats.lines().find(|line| line.contains(attribute));
            let numbers: Vec<f64> = line
                .ok_or("rustc does not say what it expanded")?
                .split_whitespace()
                .filter_map(|word| word.replace(['_', ','], "").parse().ok())
                .collect();
            let [uses, lines, _, bytes, _] = numbers[..] else {
                return Err(format!("rustc says of an expansion: {line:?}").into());
            };
            results.set(&format!("lines/{who}"), lines / uses);
            results.set(&format!("bytes/{who}"), bytes / uses);
        }
    }
    results.set(&format!("expansion/{who}"), (least[1] - least[0]) / (MANY - 1) as f64 * 1000.0);
    Ok(())
}

fn number_after(text: &str, key: &str) -> Option<f64> {
    let rest = text[text.find(key)? + key.len()..].trim_start();
    let end = rest.find(|digit: char| !digit.is_ascii_digit() && !"+-.e".contains(digit));
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// The release build of a program of 500 functions: processor time, and its size when stripped.
fn release(results: &mut Results, root: &Path, rounds: u32) -> Result<()> {
    let hands = ["attribute", "hand"];
    let mut times = [(); 2].map(|()| Vec::new());
    let mut commands = Vec::new();
    for who in hands {
        for (functions, suffix) in [(1, "-1"), (MANY, "")] {
            let name = name(&format!("simple-{who}"), functions);
            let rustc = Rustc::of(root, &["build", "--release"], &name)?;
            let size = fs::metadata(root.join("target/release").join(&name))?.len();
            results.set(&format!("size/{who}{suffix}"), size as f64);
            if functions == MANY {
                commands.push(rustc);
            }
        }
    }
    for _ in 0..rounds {
        for (times, rustc) in times.iter_mut().zip(&commands) {
            times.push(rustc.run()?);
        }
    }
    for (who, times) in hands.iter().zip(times) {
        results.set(&format!("release/{who}"), median(times));
    }
    Ok(())
}

/// The command that compiles a crate of the workspace, once its dependencies are built.
struct Rustc {
    root: PathBuf,
    source: PathBuf,
    command: String,
}

impl Rustc {
    fn of(root: &Path, cargo: &[&str], name: &str) -> Result<Self> {
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
    fn without_incremental(&self) -> Self {
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
    fn edit(&self, to: u32) -> Result<()> {
        let text = fs::read_to_string(&self.source)?;
        let start = text.find("/r0").ok_or("there is a first function")? + "/r0".len();
        let end = start + text[start..].find('/').ok_or("its URL goes on")?;
        Ok(fs::write(&self.source, format!("{}v{to}{}", &text[..start], &text[end..]))?)
    }

    /// The processor time of a run, in seconds.
    fn run(&self) -> Result<f64> {
        let before = processor_time_of_children()?;
        let mut command = self.command(&self.command);
        match command.status()?.success() {
            true => Ok(processor_time_of_children()? - before),
            false => Err(format!("{command:?} failed").into()),
        }
    }

    /// What rustc says when it is given an unstable option.
    fn unstable(&self, options: &str) -> Result<String> {
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

fn in_workspace(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(root).args(args).env("CARGO_TARGET_DIR", root.join("target"));
    command
}

/// What the processes that this one started and waited for have used of the processor, in seconds
/// (proc(5): `cutime` and `cstime`, in ticks of 10 ms).
fn processor_time_of_children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(") ").ok_or("proc(5)")?.1;
    let ticks: Vec<f64> = after_name.split(' ').skip(13).take(2).flat_map(str::parse).collect();
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
