//! The clients of the case `gzip-64k`, in a program of their own: with the feature `gzip`, reqwest and
//! backstop ask for it in every request.

mod drive;

use std::{env, fmt::Debug, process::ExitCode, sync::LazyLock};

use backstop::request;
use reqwest::Client;
use serde::Deserialize;

use self::drive::{Plan, drive};

#[derive(Debug, Deserialize)]
struct User {
    id: u64,
    name: String,
    about: String,
}

#[request(get = "http://127.0.0.1:18640/gzip/{id}")]
async fn attribute(id: u64) -> Result<Vec<User>, backstop::Error>;

async fn naive(id: u64) -> Result<Vec<User>, reqwest::Error> {
    static CLIENT: LazyLock<Client> = LazyLock::new(Client::new);
    let url = format!("http://127.0.0.1:18640/gzip/{id}");
    CLIENT.get(url).send().await?.error_for_status()?.json().await
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let plan = args.get(2..).and_then(Plan::parse);
    match (args.first().map(String::as_str), plan) {
        (Some("attribute"), Some(plan)) => {
            drive(plan, |id| async move { many(attribute(id).await) });
        }
        (Some("naive"), Some(plan)) => drive(plan, |id| async move { many(naive(id).await) }),
        _ => {
            eprintln!("usage: backstop-bench-gzip CLIENT CASE PLAN");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn many<E: Debug>(result: Result<Vec<User>, E>) -> usize {
    let users = result.expect("the server answers with users");
    assert_eq!(users.len(), 326);
    users.iter().map(|user| user.name.len() + user.about.len()).sum::<usize>()
        + users[7].id as usize
}
