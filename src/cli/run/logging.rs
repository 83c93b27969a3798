//! How a node's log is written: plain lines for people, or one JSON object a line for machines.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::cli::args::LogFormat;
use crate::network::QUIET_LOG;
use crate::runtime::clock;

/// The target of lines that are written for people and stand for themselves.
pub(super) const STORY: &str = "story";

/// Begins to write the log. `RUST_LOG` goes before `-v`.
pub(super) fn begin(format: LogFormat, verbose: u8) {
    let default = match verbose {
        0 => format!("warn,story=info,cairn=info,{QUIET_LOG}"),
        1 => format!("info,cairn=debug,{QUIET_LOG}"),
        _ => "debug,cairn=trace".to_owned(),
    };
    let filter = std::env::var("RUST_LOG").ok().and_then(|wanted| EnvFilter::try_new(wanted).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stdout);
    // A second node in one process, as in tests, keeps the first one's log.
    let _ = match format {
        LogFormat::Text => builder.event_format(PlainLines).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_timer(Seconds).try_init(),
    };
}

/// `14:03:22  ⛓ block #128 …`; other lines carry their level and origin too.
struct PlainLines;

impl<S, N> FormatEvent<S, N> for PlainLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let seconds = clock::now().wall_ms / 1_000;
        write!(writer, "{:02}:{:02}:{:02}  ", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)?;
        let metadata = event.metadata();
        if metadata.target() == STORY {
            let mut message = MessageOnly(String::new());
            event.record(&mut message);
            return writeln!(writer, "{}", message.0);
        }
        if *metadata.level() != Level::INFO {
            write!(writer, "{} ", metadata.level().as_str().to_lowercase())?;
        }
        write!(writer, "{}: ", metadata.target().trim_start_matches("cairn::"))?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

/// The words of a line without the fields that go with them.
struct MessageOnly(String);

impl tracing::field::Visit for MessageOnly {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// Seconds since 1970 with milliseconds.
struct Seconds;

impl tracing_subscriber::fmt::time::FormatTime for Seconds {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let wall_ms = clock::now().wall_ms;
        write!(writer, "{}.{:03}", wall_ms / 1_000, wall_ms % 1_000)
    }
}

/// A line for people, with fields for machines.
macro_rules! story {
    ($($arguments:tt)*) => {
        tracing::info!(target: $crate::cli::run::logging::STORY, $($arguments)*)
    };
}
pub(super) use story;
