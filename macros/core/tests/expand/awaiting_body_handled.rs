// #[request(get = "https://api.example.com/users/{id}", on_error = log, cleanup = release(id))]
// async fn name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
//     Ok(picture(user.id).await? + &user.name)
// }

async fn name(id: u64) -> Result<String, Error> {
    let request = ::backstop::Request::get("https://api.example.com/users/{id}")
        .path("id", &id)
        .reads::<(::backstop::Deadline, Json<User>)>();
    let response = ::backstop::Session::shared().fetch(request).await;
    let failure = match ::backstop::read::<
        (::backstop::Deadline, Json<User>),
    >(response) {
        ::core::result::Result::Ok((deadline, Json(user))) => {
            let outcome: Result<String, Error> = deadline
                .scope(async {
                    if let ::core::option::Option::Some(outcome) = ::backstop::by_type::no_outcome::<
                        Result<String, Error>,
                    >() {
                        return outcome;
                    }
                    Ok(picture(user.id).await? + &user.name)
                })
                .await;
            let error = ::backstop::by_type::returned(&outcome).request_error();
            let ::core::option::Option::Some(error) = error else {
                return outcome;
            };
            ::backstop::Failure::returned(error, outcome)
        }
        ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
    };
    let error = failure.error();
    ::backstop::log(&error);
    let outcome = ::backstop::Outcome::from_failure(failure);
    #[deny(unused_must_use)] release(id);
    outcome
}
