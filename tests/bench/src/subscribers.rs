//! Subscribers of `tracing` that record nothing, each at another price.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

/// Drops everything: no span and no event is enabled.
pub(crate) fn filter_all() {
    install(Nothing { is_enabled: false });
}

/// Has every span and event made, and discards it.
pub(crate) fn discard_all() {
    install(Nothing { is_enabled: true });
}

/// OpenTelemetry's SDK, which samples nothing.
pub(crate) fn sample_none() {
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    install(Registry::default().with(layer));
}

fn install(subscriber: impl Subscriber + Send + Sync) {
    tracing::subscriber::set_global_default(subscriber).expect("a process has one client");
}

struct Nothing {
    is_enabled: bool,
}

impl Subscriber for Nothing {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        self.is_enabled
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
