//! Logs as JSON lines on standard output; traces by OTLP when an endpoint is configured, else none.
//!
//! Spans exist for the traces alone: without an endpoint no layer wants them, and they cost nothing. A log line that needs
//! its request names the trace id itself. Nothing a client sent is logged but names of models, methods and routes.

use anyhow::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context as Parent, KeyValue};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, filter};

/// The target of spans, so that they can be told from log lines.
pub const SPANS: &str = "span";

crate::settings! {
    /// What to log and where traces go: OpenTelemetry's own variables.
    pub struct TelemetryConfig {
        /// What is logged: `info`, or by module, as `info,access=debug`.
        log: String = "info",
        /// OTLP over HTTP, `http://host:4318`; without it no traces are made.
        otel_exporter_otlp_endpoint: Option<String>,
        /// Share of traces that begin here and are kept, from 0 to 1.
        otel_traces_sampler_arg: f64 = "1",
        /// `deployment.environment.name` of every trace.
        deployment_environment: Option<String>,
    }
}

/// Flushes what is still to be sent when the process ends.
#[derive(Default)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

/// Starts logging and, where configured, tracing. To be called inside the tokio runtime, once.
///
/// # Errors
/// An endpoint or a filter that can't be read.
pub fn start(service: &'static str, config: &TelemetryConfig) -> anyhow::Result<Telemetry> {
    let logged = EnvFilter::try_new(&config.log).context("LOG can't be read")?;
    let lines = tracing_subscriber::fmt::layer::<Registry>()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_filter(logged.and(filter::filter_fn(|metadata| metadata.is_event())))
        .boxed();
    let provider = config.otel_exporter_otlp_endpoint.as_deref().map(|endpoint| provider(service, endpoint, config)).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(service))
            .with_filter(filter::filter_fn(|metadata| metadata.is_span() && metadata.target() == SPANS))
            .boxed()
    });
    let layers: Vec<_> = std::iter::once(lines).chain(traces).collect();
    tracing_subscriber::registry().with(layers).try_init().context("logging was started twice")?;
    Ok(Telemetry { provider })
}

fn provider(service: &'static str, endpoint: &str, config: &TelemetryConfig) -> anyhow::Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT can't be used")?;
    let mut resource =
        Resource::builder().with_attributes([KeyValue::new("service.name", service), KeyValue::new("service.version", crate::VERSION)]);
    if let Some(environment) = &config.deployment_environment {
        resource = resource.with_attribute(KeyValue::new("deployment.environment.name", environment.clone()));
    }
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.otel_traces_sampler_arg)));
    let runtime = opentelemetry_sdk::runtime::Tokio;
    let processor = opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor::builder(exporter, runtime).build();
    Ok(SdkTracerProvider::builder().with_span_processor(processor).with_sampler(sampler).with_resource(resource.build()).build())
}

impl Telemetry {
    /// Sends what is still waiting.
    pub fn stop(self) {
        if let Some(provider) = self.provider {
            provider.shutdown().ok();
        }
    }
}

/// A W3C `traceparent`: the caller's when it is valid, else the beginning of a trace.
pub fn traceparent(header: Option<&str>) -> String {
    match header.and_then(parse) {
        Some(context) => print(&context),
        None => format!("00-{:032x}-{:016x}-01", rand::random::<u128>().max(1), rand::random::<u64>().max(1)),
    }
}

/// The trace id in a `traceparent`, for an error that a client reports.
pub fn trace_id(traceparent: &str) -> &str {
    traceparent.get(3..35).unwrap_or("unknown")
}

fn parse(header: &str) -> Option<SpanContext> {
    let mut parts = header.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let shape = lower(version, 2) && lower(trace, 32) && lower(span, 16) && lower(flags, 2);
    if !shape || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()? & 1);
    let context = SpanContext::new(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

fn print(context: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
}

/// Makes a span the child of the request's trace, and answers the `traceparent` that its own children take.
pub fn adopt(span: &Span, traceparent: &str) -> Option<String> {
    if span.is_disabled() {
        return None;
    }
    let parent = Parent::new().with_remote_span_context(parse(traceparent)?);
    span.set_parent(parent).ok();
    let context = span.context();
    let own = context.span().span_context().clone();
    own.is_valid().then(|| print(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_traceparent_goes_on_and_an_invalid_one_begins_a_new_trace() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(traceparent(Some(good)), good);
        assert_eq!(trace_id(good), "4bf92f3577b34da6a3ce929d0e0e4736");
        // A higher version: its first four fields count
        assert_eq!(traceparent(Some("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")), good);
        for bad in [
            "",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            let fresh = traceparent(Some(bad));
            assert!(parse(&fresh).is_some() && !fresh.contains("4bf92f35"), "{bad}");
        }
    }
}
