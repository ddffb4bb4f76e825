//! The crates that are compiled: the same functions, annotated and by hand.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::process::{Result, scratch, source};

/// How many functions a large crate has.
pub(super) const MANY: usize = 500;
/// How many functions a group has.
const IN_A_GROUP: usize = 50;

/// How a function is written, and a crate of such functions is called.
struct Kind {
    name: &'static str,
    /// What the crate has beside its functions.
    start: &'static [&'static str],
    function: fn(usize) -> String,
    /// What stands before each [`IN_A_GROUP`] functions, if they are the methods of an `impl`.
    group: Option<&'static str>,
    /// How it is called.
    call: fn(usize) -> String,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "simple-attribute",
        start: &[],
        function: |n| annotated(n, "User"),
        group: None,
        call: call_annotated,
    },
    Kind {
        name: "simple-hand",
        start: &[CLIENT],
        function: |n| by_hand(n, "User"),
        group: None,
        call: call_by_hand,
    },
    Kind {
        name: "typed-attribute",
        start: &[],
        function: |n| user(n) + &annotated(n, &format!("User{n}")),
        group: None,
        call: call_annotated,
    },
    Kind {
        name: "typed-hand",
        start: &[CLIENT],
        function: |n| user(n) + &by_hand(n, &format!("User{n}")),
        group: None,
        call: call_by_hand,
    },
    Kind {
        name: "handled-attribute",
        start: &["use backstop::Json;\n"],
        function: annotated_handled,
        group: None,
        call: call_annotated,
    },
    Kind {
        name: "handled-hand",
        start: &[CLIENT, HANDLERS],
        function: by_hand_handled,
        group: None,
        call: call_by_hand,
    },
    Kind {
        name: "shared-single",
        start: &[API],
        function: annotated_alone,
        group: Some("\nimpl Api {"),
        call: call_method,
    },
    Kind {
        name: "shared-grouped",
        start: &[API],
        function: annotated_grouped,
        group: Some(GROUP),
        call: call_method,
    },
    Kind {
        name: "simple-traced",
        start: &[CLIENT],
        function: |n| format!("\n#[tracing::instrument(skip(client))]{}", by_hand(n, "User")),
        group: None,
        call: call_by_hand,
    },
];

/// A method with all keys of its own.
fn annotated_alone(n: usize) -> String {
    format!(
        r#"
    #[request(
        get = "https://api.example.com/v1/r{n}/{{id}}?page={{page}}",
        session = self.session,
        header("accept" = "application/vnd.example+json"),
        bearer = &self.token,
        timeout = 10s,
        retry = 2,
        on_error(Status(401 | 403) => log, Connect | Timeout => log(warn)),
    )]
    pub async fn f{n}(&self, id: u64, page: u32) -> Result<User, Error>;
"#
    )
}

/// The same with the keys of its group.
fn annotated_grouped(n: usize) -> String {
    format!(
        r#"
    #[request(get = "/r{n}/{{id}}?{{page}}")]
    pub async fn f{n}(&self, id: u64, page: u32) -> Result<User, Error>;
"#
    )
}

const API: &str = "
#[allow(unused_imports)]
use backstop::{Error, Session, request, requests};

pub struct Api {
    session: Session,
    token: String,
}

static API: std::sync::LazyLock<Api> =
    std::sync::LazyLock::new(|| Api { session: Session::new(), token: String::new() });
";

const GROUP: &str = r#"
#[requests(
    base = "https://api.example.com/v1",
    session = self.session,
    header("accept" = "application/vnd.example+json"),
    bearer = &self.token,
    timeout = 10s,
    retry = 2,
    on_error(Status(401 | 403) => log, Connect | Timeout => log(warn)),
)]
impl Api {"#;

fn call_method(n: usize) -> String {
    format!("API.f{n}(7, 1)")
}

fn annotated(n: usize, user: &str) -> String {
    format!(
        r#"
#[backstop::request(get = "https://api.example.com/r{n}/{{id}}?page={{page}}")]
pub async fn f{n}(id: u64, page: u32) -> Result<{user}, backstop::Error>;
"#
    )
}

fn by_hand(n: usize, user: &str) -> String {
    format!(
        r#"
pub async fn f{n}(client: &reqwest::Client, id: u64, page: u32) -> Result<{user}, reqwest::Error> {{
    let url = format!("https://api.example.com/r{n}/{{id}}?page={{page}}");
    client.get(url).send().await?.error_for_status()?.json().await
}}
"#
    )
}

/// A type for one function alone.
fn user(n: usize) -> String {
    USER.replace("User", &format!("User{n}"))
}

fn annotated_handled(n: usize) -> String {
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
}

fn by_hand_handled(n: usize) -> String {
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
}

fn call_annotated(n: usize) -> String {
    format!("f{n}(7, 1)")
}

fn call_by_hand(n: usize) -> String {
    format!("f{n}(&CLIENT, 7, 1)")
}

const CLIENT: &str = "
static CLIENT: std::sync::LazyLock<reqwest::Client> =
    std::sync::LazyLock::new(reqwest::Client::new);
";

/// Functions, as the library's handlers are: a macro in each arm would cost more.
const HANDLERS: &str = r#"
fn print(error: &reqwest::Error) {
    eprintln!("{error}");
}

fn log(error: &reqwest::Error) {
    eprintln!("{error:?}");
}
"#;

const USER: &str = "
#[derive(Debug, serde::Deserialize)]
pub struct User {
    pub id: u64,
    pub name: String,
}
";

const COMMON: &str = r#"
use std::{future::Future, hint::black_box, pin::Pin, task::{Context, Waker}};

pub fn release() {
    black_box(());
}

// As a runtime has it, which knows no type of it: else only its start would be compiled.
#[inline(never)]
fn poll<T>(mut future: Pin<Box<dyn Future<Output = T> + Send>>) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
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

/// Writes the workspace of the crates, and returns its folder.
pub(super) fn generate() -> Result<PathBuf> {
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
                Some((_, "attribute" | "single" | "grouped")) => &["backstop"],
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
    let nothing = "fn main() {}\n";
    write_crate(&root, "plain", plain.into_iter(), nothing)?;
    write_crate(&root, "added", plain.into_iter().chain(["backstop"]), nothing)?;
    write_crate(&root, "cold-hand", ["reqwest", "serde"].into_iter(), nothing)?;
    write_crate(&root, "cold-attribute", ["backstop", "serde"].into_iter(), nothing)?;
    Ok(root)
}

pub(super) fn name(kind: &str, functions: usize) -> String {
    format!("{kind}-{functions}")
}

fn program(kind: &Kind, functions: usize) -> String {
    let mut text = format!("{COMMON}{USER}{}", kind.start.concat());
    for n in 0..functions {
        let group = kind.group.filter(|_| n % IN_A_GROUP == 0);
        text.push_str(group.unwrap_or_default());
        text.push_str(&(kind.function)(n));
        if kind.group.is_some() && (n % IN_A_GROUP == IN_A_GROUP - 1 || n + 1 == functions) {
            text.push_str("}\n");
        }
    }
    text.push_str("\nfn main() {\n    let mut ready = 0;\n");
    for n in 0..functions {
        let _ = writeln!(text, "    ready += u32::from(poll(Box::pin({})));", (kind.call)(n));
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
