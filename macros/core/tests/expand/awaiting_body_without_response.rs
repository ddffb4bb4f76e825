// #[request(delete = "https://api.example.com/users/{id}")]
// async fn replace(id: u64) -> Result<String, Error> {
//     picture(id).await
// }

async fn replace(id: u64) -> Result<String, Error> {
    let request = ::backstop::Request::delete("https://api.example.com/users/{id}")
        .path("id", &id)
        .reads::<::backstop::expansion::Scope>();
    let response = ::backstop::Session::shared().fetch(request).await;
    let scope = match ::backstop::expansion::read::<
        ::backstop::expansion::Scope,
    >(response) {
        ::core::result::Result::Ok(response) => response,
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    scope
        .run(async move {
            if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<
                Result<String, Error>,
            >() {
                return outcome;
            }
            picture(id).await
        })
        .await
}
