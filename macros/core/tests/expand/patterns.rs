// #[request(
//     get = "/",
//     on_error(
//         Connect(Dns | Refused) | Timeout(Connect) => log(warn),
//         Timeout(leaf @ (Idle | Total)) => note(leaf),
//         error @ Status(code @ 500..=599) if code != 503 => note(error),
//         Status(404 | TEAPOT) => TOLD,
//         Protocol => notify.await,
//         ErrorKind::Build(_) => fail(Bug),
//         other => { warn!("{other}") }
//     ),
// )]
// async fn all() -> Result<(), Error>;

async fn all() -> Result<(), Error> {
    let reader = ::backstop::expansion::decode::<Result<(), Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    let failure = match reader.read(response) {
        ::core::result::Result::Ok(outcome) => return outcome,
        ::core::result::Result::Err(failure) => failure,
    };
    let error = failure.error();
    #[deny(unreachable_patterns, unused_must_use)]
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    match (error.kind(), &error) {
        (
            ::backstop::ErrorKind::Connect(
                ::backstop::ConnectError::Dns | ::backstop::ConnectError::Refused,
            )
            | ::backstop::ErrorKind::Timeout(::backstop::TimeoutError::Connect),
            _,
        ) => ::backstop::log_at(::backstop::Level::WARN, &error),
        (
            ::backstop::ErrorKind::Timeout(
                leaf @ (::backstop::TimeoutError::Idle | ::backstop::TimeoutError::Total),
            ),
            _,
        ) => {
            ::backstop::expansion::on_error(&note(leaf), &failure).dropped();
        }
        (::backstop::ErrorKind::Status(code @ 500..=599), error) if code != 503 => {
            ::backstop::expansion::on_error(&note(error), &failure).dropped();
        }
        (::backstop::ErrorKind::Status(404 | TEAPOT), _) => {
            ::backstop::expansion::on_error(&TOLD(&error), &failure).dropped();
        }
        (::backstop::ErrorKind::Protocol, _) => {
            ::backstop::expansion::on_error(&notify(&error).await, &failure).dropped();
        }
        (ErrorKind::Build(_), _) => return ::backstop::expansion::fail(failure, Bug),
        (_, other) => {
            warn!("{other}");
        }
    }
    ::backstop::Outcome::from_failure(failure)
}
