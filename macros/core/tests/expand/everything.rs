// #[request(
//     post = "{self.base}/users/{id}",
//     session = &self.session,
//     query = self.page,
//     header("accept" = "application/json"),
//     bearer = &self.token,
//     json = &user,
//     expect(200..=299 | 304),
//     timeout(total = 30s, attempt = 10s, idle = 20s),
//     max_body = 16MiB,
//     retry = 3,
//     on_error(
//         Connect => print,
//         e @ Status(404) => { note(e); recover(None) }
//         _ => log,
//     ),
//     fallback = Some(id),
//     cleanup = self.release(),
//     finally = ended,
// )]
// async fn update(&self, id: u64, user: User, #[response] Json(user): Json<User>) -> Result<Option<u64>, Error> {
//     check(&user)?;
//     Ok(Some(user.id))
// }

async fn update(&self, id: u64, user: User) -> Result<Option<u64>, Error> {
    let finally = ::backstop::expansion::finally_of(|ending| ended(ending));
    let request = ::backstop::Request::post("{self.base}/users/{id}")
        .base("self.base", &self.base)
        .path("id", &id)
        .query(&self.page)
        .header("accept", "application/json")
        .bearer_auth(&self.token)
        .json(&user)
        .success_statuses(&[200..=299, 304..=304])
        .timeout(::core::time::Duration::from_secs(30))
        .attempt_timeout(::core::time::Duration::from_secs(10))
        .idle_timeout(::core::time::Duration::from_secs(20))
        .max_body(16777216)
        .retry(3)
        .reads::<Json<User>>()
        .handled_by(finally.observer());
    let response = ::backstop::Session::fetch(&self.session, request).await;
    ::backstop::expansion::call(|| -> Result<Option<u64>, Error> {
        let mut failure = match ::backstop::expansion::read::<Json<User>>(response) {
            ::core::result::Result::Ok(Json(user)) => {
                let outcome = ::backstop::expansion::call(|| -> Result<
                    Option<u64>,
                    Error,
                > {
                    check(&user)?;
                    Ok(Some(user.id))
                });
                let error = ::backstop::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    finally.end(::backstop::expansion::inspect(&outcome).ending());
                    return outcome;
                };
                ::backstop::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
        };
        let error = failure.error();
        let (ending, outcome) = 'handled: {
            #[deny(unreachable_patterns, unused_must_use)]
            match (error.kind(), &error) {
                (::backstop::ErrorKind::Connect(_), _) => ::backstop::print(&error),
                (::backstop::ErrorKind::Status(404), e) => {
                    note(e);
                    break 'handled (::backstop::Ending::Done, failure.recover(None));
                }
                (_, _) => ::backstop::log(&error),
            }
            match failure.build_error() {
                ::core::option::Option::Some(kept) => (::backstop::Ending::Failed, kept),
                ::core::option::Option::None => {
                    (::backstop::Ending::Done, failure.recover(Some(id)))
                }
            }
        };
        ::backstop::expansion::cleanup(&self.release()).dropped();
        finally.end(ending);
        outcome
    })
}
