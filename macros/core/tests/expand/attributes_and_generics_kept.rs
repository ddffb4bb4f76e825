// #[request(get = "/{id}")]
// /// Documented.
// #[must_use]
// pub(crate) async fn kept<'a, T: Display + ?Sized>(
//     /// Documented.
//     #[cfg(all())]
//     id: &'a T,
// ) -> Option<&'a T>
// where
//     T: Sync,
// {
//     #![allow(clippy::unused_async)]
//     Some(id)
// }

/// Documented.
#[must_use]
#[allow(clippy::unused_async)]
pub(crate) async fn kept<'a, T: Display + ?Sized>(
    #[cfg(all())]
    id: &'a T,
) -> Option<&'a T>
where
    T: Sync,
{
    let request = ::backstop::Request::get("/{id}")
        .path("id", &::backstop::expansion::segment(&id).text());
    if let ::core::result::Result::Err(error) = ::backstop::Session::shared()
        .fetch(request)
        .await
    {
        return ::backstop::Outcome::from_error(error);
    }
    Some(id)
}
