//! Metrics through the facade of the crate `metrics`, with OpenTelemetry's names.

use metrics::{
    Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::{AttemptReport, CallReport, Observer, RecoveryReport, RetryReport, Target};

const DURATION: &str = "http.client.request.duration";
const ACTIVE: &str = "http.client.active_requests";
const REQUEST_SIZE: &str = "http.client.request.body.size";
const RESPONSE_SIZE: &str = "http.client.response.body.size";
const RETRIES: &str = "backstop.client.retries";
const RECOVERIES: &str = "backstop.client.recoveries";
const FALLBACKS: &str = "backstop.client.fallbacks";

/// An [`Observer`] that records metrics through the facade of the crate [`metrics`](https://docs.rs/metrics).
/// To export them, install a recorder of that ecosystem.
///
/// | metric | kind, unit | recorded for |
/// |---|---|---|
/// | `http.client.request.duration` | histogram, seconds | each attempt |
/// | `http.client.active_requests` | gauge | calls that have begun and not ended |
/// | `http.client.request.body.size`, `http.client.response.body.size` | histogram, bytes as transferred | each attempt whose body is not streamed |
/// | `backstop.client.retries` | counter | each retry |
/// | `backstop.client.recoveries`, `backstop.client.fallbacks` | counter | each failed function that succeeded by `recover`, or by `fallback` |
///
/// The first four are OpenTelemetry's (semantic conventions for HTTP 1.x). The labels are
/// `http.request.method`, `url.scheme`, `server.address`, `server.port`, `url.template` (absent if the URL
/// was built at run time), and, where an attempt or call has ended, `http.response.status_code` and
/// `error.type` ([`ErrorKind::name`](crate::ErrorKind::name), or `cancelled`). Their cardinality is bounded
/// if the program requests a bounded number of hosts.
///
/// The facade defines no buckets: pass [`BUCKETS`](Metrics::BUCKETS) to the recorder.
///
/// ```
/// use backstop::{Session, observe::Metrics};
///
/// let session = Session::builder().observer(Metrics::new()).build()?;
/// # Ok::<(), backstop::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Metrics(());

impl Metrics {
    /// The bucket boundaries that OpenTelemetry recommends for `http.client.request.duration`, in seconds.
    pub const BUCKETS: [f64; 14] =
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

    /// Creates an observer that uses the installed recorder. It describes the metrics to the recorder that is
    /// installed now.
    pub fn new() -> Self {
        describe_histogram!(DURATION, Unit::Seconds, "Duration of HTTP client requests.");
        describe_gauge!(ACTIVE, "Number of active HTTP requests.");
        describe_histogram!(REQUEST_SIZE, Unit::Bytes, "Size of HTTP client request bodies.");
        describe_histogram!(RESPONSE_SIZE, Unit::Bytes, "Size of HTTP client response bodies.");
        describe_counter!(RETRIES, "Attempts that were retried.");
        describe_counter!(
            RECOVERIES,
            "Failed calls whose function recovered in an `on_error` arm."
        );
        describe_counter!(FALLBACKS, "Failed calls whose function used its fallback.");
        Self(())
    }
}

/// The labels that all metrics of a target have.
fn labels(target: &Target) -> Vec<Label> {
    let mut labels = Vec::with_capacity(7);
    labels.push(Label::from_static_parts("http.request.method", target.method_name()));
    if let Some(scheme) = target.scheme() {
        labels.push(Label::from_static_parts("url.scheme", scheme));
    }
    if let Some(host) = target.host() {
        labels.push(Label::new("server.address", host.to_owned()));
    }
    if let Some(port) = target.port() {
        labels.push(Label::new("server.port", port.to_string()));
    }
    if let Some(template) = target.template() {
        labels.push(Label::new("url.template", template.to_owned()));
    }
    labels
}

impl Observer for Metrics {
    fn started(&self, call: &Target) {
        gauge!(ACTIVE, labels(call)).increment(1.0);
    }

    fn attempt(&self, attempt: &AttemptReport<'_>) {
        let mut labels = labels(attempt.target());
        if let Some(status) = attempt.status() {
            labels.push(Label::new("http.response.status_code", status.as_str().to_owned()));
        }
        if let Some(error) = attempt.error() {
            labels.push(Label::new("error.type", error.kind().name()));
        } else if attempt.is_cancelled() {
            labels.push(Label::from_static_parts("error.type", "cancelled"));
        }
        if let Some(size) = attempt.request_body_size() {
            histogram!(REQUEST_SIZE, labels.clone()).record(size as f64);
        }
        if let Some(size) = attempt.response_body_size() {
            histogram!(RESPONSE_SIZE, labels.clone()).record(size as f64);
        }
        histogram!(DURATION, labels).record(attempt.elapsed().as_secs_f64());
    }

    fn retry(&self, retry: &RetryReport<'_>) {
        let mut labels = labels(retry.target());
        labels.push(Label::new("error.type", retry.error().kind().name()));
        counter!(RETRIES, labels).increment(1);
    }

    fn call(&self, call: &CallReport<'_>) {
        gauge!(ACTIVE, labels(call.target())).decrement(1.0);
    }

    fn recovered(&self, recovery: &RecoveryReport<'_>) {
        let mut labels = labels(recovery.target());
        labels.push(Label::new("error.type", recovery.error().kind().name()));
        let name = if recovery.is_fallback() { FALLBACKS } else { RECOVERIES };
        counter!(name, labels).increment(1);
    }
}
