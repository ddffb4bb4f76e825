//! Each example prints the same output with annotated and with ejected functions.

use std::process::Command;

/// Each program runs in its own process, because it may set process-wide state.
const RUN: &str = "BACKSTOP_RUN_EXAMPLE";

macro_rules! examples {
    ($($name:ident)*) => { $(
        mod $name {
            #[allow(dead_code, reason = "a program has its own `main`")]
            mod annotated {
                include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "_annotated.rs"));

                #[test]
                fn program() {
                    super::super::run(main);
                }
            }

            #[allow(dead_code, reason = "as above")]
            mod ejected {
                include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "_ejected.rs"));

                #[test]
                fn program() {
                    super::super::run(main);
                }
            }

            #[test]
            fn prints_the_same() {
                let printed = |twin| super::printed(&format!("{}::{twin}", stringify!($name)));
                let annotated = printed("annotated");
                assert!(annotated.lines().count() > 5, "{annotated}");
                assert_eq!(annotated, printed("ejected"));
            }
        }
    )* };
}

examples! { client quickstart }

fn run<E: std::fmt::Debug>(main: fn() -> Result<(), E>) {
    if std::env::var_os(RUN).is_some() {
        main().expect("the program succeeds");
    }
}

/// The output of the program, without the parts that differ between runs.
fn printed(twin: &str) -> String {
    let test = format!("examples::{twin}::program");
    let program = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", "--nocapture", &test])
        .env(RUN, "1")
        .output()
        .expect("the program runs");
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
    let text = String::from_utf8_lossy(&program.stdout).into_owned();
    let port = text
        .split("127.0.0.1:")
        .nth(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let text = match port {
        Some(port) => text.replace(&port, "PORT"),
        None => text,
    };
    let ours = |line: &&str| !line.starts_with("test ") && !line.contains("finished in");
    text.lines().filter(ours).collect::<Vec<_>>().join("\n")
}
