//! Calls under a script of the feature `testing`, in a program of their own: the feature asks, for every
//! call, whether there is a script. Prints how many calls a second one thread makes.

use std::time::Instant;

use backstop::{Error, Json, request, testing::Script};
use serde::{Deserialize, Serialize};

/// How many calls are measured, after a tenth as many.
const CALLS: u64 = 100_000;

#[derive(Debug, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

#[request(get = "https://api.example.com/users/{id}", retry = 2, on_error(Status(404) => recover(None)))]
async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<Option<User>, Error> {
    Ok(Some(user))
}

/// Calls under a script with a few routes, a new one for each hundred calls, as tests have them.
async fn calls(count: u64) {
    for _ in 0..count / 100 {
        let script = Script::new();
        script.post("/users").status(201);
        script.get("/users/{id}/posts").json(&[1, 2, 3]);
        script.get("/users/{id}").json(&User { id: 7, name: "Ada".into() });
        let run = async {
            for id in 0..100 {
                let user = user(id).await.expect("a scripted user").expect("a user");
                assert_eq!(user.name, "Ada");
            }
        };
        script.run(run).await;
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        calls(CALLS / 10).await;
        let start = Instant::now();
        calls(CALLS).await;
        println!("{:.0}", CALLS as f64 / start.elapsed().as_secs_f64());
    });
}
