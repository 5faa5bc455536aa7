//! A line as one flat JSON object: when, how grave, what; of which request; and the line's own fields. Tools such as
//! CloudWatch Logs Insights find flat fields by their name alone.

use std::fmt;

use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_serde::fields::AsMap;
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormattedFields,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

pub struct Flat;

impl<S> FormatEvent<S, JsonFields> for Flat
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(|spans| spans.from_root()) {
            if let Some(of_span) = span.extensions().get::<FormattedFields<JsonFields>>()
                && let Ok(Value::Object(of_span)) = serde_json::from_str(&of_span.fields)
            {
                fields.extend(of_span);
            }
        }
        if let Ok(Value::Object(own)) = serde_json::to_value(event.field_map()) {
            fields.extend(own);
        }
        let line = line(&timestamp, event, fields).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

fn line(timestamp: &str, event: &Event<'_>, mut fields: Map<String, Value>) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let mut line = serializer.serialize_map(None)?;
    line.serialize_entry("timestamp", timestamp)?;
    line.serialize_entry("level", event.metadata().level().as_str())?;
    // Whoever reads lines reads this first.
    line.serialize_entry("message", &fields.remove("message").unwrap_or_default())?;
    line.serialize_entry("target", event.metadata().target())?;
    for (name, value) in fields.iter().filter(|(name, _)| !["timestamp", "level", "target"].contains(&name.as_str())) {
        line.serialize_entry(name, value)?;
    }
    line.end()?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Said {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_line_is_flat_and_names_its_request() {
        let said = Said::default();
        let lines = tracing_subscriber::fmt().with_writer(said.clone());
        tracing::subscriber::with_default(lines.fmt_fields(JsonFields::new()).event_format(Flat).finish(), || {
            let span = tracing::info_span!("request", request_id = "r-1", account_id = tracing::field::Empty);
            let _entered = span.enter();
            span.record("account_id", "a-1");
            tracing::warn!(status = 503, reason = "it \"hangs\"\n", level = "no", "a request was slow");
        });
        let bytes = said.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("{\"timestamp\":\"2") && text.ends_with("}\n") && text.lines().count() == 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        for (name, value) in [
            ("level", Value::from("WARN")),
            ("message", "a request was slow".into()),
            ("target", "server::logging::json::tests".into()),
            ("request_id", "r-1".into()),
            ("account_id", "a-1".into()),
            ("status", 503.into()),
            ("reason", "it \"hangs\"\n".into()),
        ] {
            assert_eq!(line[name], value, "{name}");
        }
    }
}
