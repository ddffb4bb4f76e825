// #[request(get = "https://api.example.com/users/{id}", on_error = log, cleanup = release(id))]
// async fn name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
//     Ok(picture(user.id).await? + &user.name)
// }

async fn name(id: u64) -> Result<String, Error> {
    let request = ::backstop::Request::get("https://api.example.com/users/{id}")
        .path("id", &id)
        .reads::<(::backstop::expansion::Scope, Json<User>)>()
        .handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    let failure = match ::backstop::expansion::read::<
        (::backstop::expansion::Scope, Json<User>),
    >(response) {
        ::core::result::Result::Ok((scope, Json(user))) => {
            let outcome: Result<String, Error> = scope
                .run(async {
                    if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<
                        Result<String, Error>,
                    >() {
                        return outcome;
                    }
                    Ok(picture(user.id).await? + &user.name)
                })
                .await;
            let error = ::backstop::expansion::inspect(&outcome).request_error();
            let ::core::option::Option::Some(error) = error else {
                return outcome;
            };
            ::backstop::expansion::returned(error, outcome)
        }
        ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
    };
    let error = failure.error();
    ::backstop::log(&error);
    let outcome = ::backstop::Outcome::from_failure(failure);
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    ::backstop::expansion::cleanup(&release(id)).dropped();
    outcome
}
