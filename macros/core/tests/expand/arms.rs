// #[request(
//     get = "https://api.example.com/users/{id}",
//     on_error(
//         Connect => print,
//         Status(404) => recover(None),
//         _ => log,
//     ),
//     cleanup = release_resources,
// )]
// async fn user_name(
//     id: u64,
//     #[response] Json(user): Json<User>,
// ) -> Result<Option<String>, Error> {
//     Ok(Some(user.name))
// }

async fn user_name(id: u64) -> Result<Option<String>, Error> {
    let request = ::backstop::Request::get("https://api.example.com/users/{id}")
        .path("id", &id)
        .reads::<Json<User>>()
        .handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<Option<String>, Error> {
        let failure = match ::backstop::expansion::read::<Json<User>>(response) {
            ::core::result::Result::Ok(Json(user)) => {
                let outcome: Result<Option<String>, Error> = { Ok(Some(user.name)) };
                let error = ::backstop::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
        };
        let error = failure.error();
        let outcome = 'handled: {
            #[deny(unreachable_patterns, unused_must_use)]
            match error.kind() {
                ::backstop::ErrorKind::Connect(_) => ::backstop::print(&error),
                ::backstop::ErrorKind::Status(404) => {
                    break 'handled failure.recover(None);
                }
                _ => ::backstop::log(&error),
            }
            ::backstop::Outcome::from_failure(failure)
        };
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        ::backstop::expansion::cleanup(&release_resources()).dropped();
        outcome
    })
}
