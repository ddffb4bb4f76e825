// #[request(delete = "https://api.example.com/users/{id}")]
// async fn replace(id: u64) -> Result<String, Error> {
//     picture(id).await
// }

async fn replace(id: u64) -> Result<String, Error> {
    let request = ::backstop::Request::delete("https://api.example.com/users/{id}")
        .path("id", &id);
    let deadline = match ::backstop::Session::shared().fetch(request).await {
        ::core::result::Result::Ok(response) => response.deadline(),
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    deadline
        .scope(async move {
            if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<
                Result<String, Error>,
            >() {
                return outcome;
            }
            picture(id).await
        })
        .await
}
