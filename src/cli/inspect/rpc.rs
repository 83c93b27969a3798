//! `cairn rpc`: any method of the node, as it is.

use serde_json::{Value, json};

use crate::cli::args::RpcArgs;
use crate::cli::failure::Outcome;
use crate::cli::node_access::NodeAccess;
use crate::cli::session::Session;

pub(in crate::cli) async fn rpc(session: &Session, args: &RpcArgs) -> Outcome {
    let node = NodeAccess::find(session).await?;
    let parameters: Vec<Value> = args.parameters.iter().map(|text| parameter(text)).collect();
    let answer: Value = node.call(&args.method, json!(parameters)).await?;
    session.output.show(&answer, |_| match answer.as_str() {
        Some(text) => text.to_owned(),
        None => format!("{answer:#}"),
    });
    Ok(())
}

/// JSON where it is JSON, text where it is not: `7`, `true`, `'["a"]'` and `cairn1…` all do what they look like.
/// A hash of 64 digits is text even if all of them are decimal.
fn parameter(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if !(number.is_u64() || number.is_i64()) => Value::String(text.to_owned()),
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_what_they_look_like() {
        assert_eq!(parameter("7"), json!(7));
        assert_eq!(parameter("true"), json!(true));
        assert_eq!(parameter("getblock"), json!("getblock"));
        let all_decimal = "1".repeat(64);
        assert_eq!(parameter(&all_decimal), json!(all_decimal));
    }
}
