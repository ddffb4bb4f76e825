// #[request(delete = "https://api.example.com/users/{id}")]
// async fn delete(id: u64) -> Result<(), Error> {
//     Ok(())
// }

async fn delete(id: u64) -> Result<(), Error> {
    let request = ::backstop::Request::delete("https://api.example.com/users/{id}")
        .path("id", &id);
    if let ::core::result::Result::Err(error) = ::backstop::Session::shared()
        .fetch(request)
        .await
    {
        return ::backstop::Outcome::from_error(error);
    }
    Ok(())
}
