//! Refuses checks and challenges that this service doesn't carry out, in protobuf.

use prost::bytes::Buf as _;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::domain::Operation;
use crate::error::Error;

/// A message each field of which is a check or a challenge.
struct CheckMessage {
    name: &'static str,
    field: u32,
    /// The names of its fields, from field 1 on.
    members: &'static [&'static str],
    /// How many of its fields are carried out, from field 1 on.
    supported: u32,
}

const fn checks(field: u32) -> CheckMessage {
    CheckMessage {
        name: "checks",
        field,
        members: &[
            "user",
            "password",
            "web_auth_n",
            "idp_intent",
            "totp",
            "otp_sms",
            "otp_email",
            "recovery_code",
        ],
        supported: 2,
    }
}

const fn challenges(field: u32) -> CheckMessage {
    CheckMessage {
        name: "challenges",
        field,
        members: &["web_auth_n", "otp_sms", "otp_email"],
        supported: 0,
    }
}

/// Refuses a request with a check or challenge that is not supported, known or unknown, in each
/// version. Other unknown fields are ignored; but a login page takes a response without an error
/// for a passed check.
///
/// # Errors
///
/// - [`Error::Unimplemented`]: with its name, or with its number.
/// - [`Error::Malformed`]: it isn't well-formed.
pub fn refuse(operation: Operation, message: &[u8]) -> Result<(), Error> {
    let parts = match operation {
        Operation::CreateSession => [checks(1), challenges(3)],
        Operation::SetSession => [checks(3), challenges(5)],
        Operation::GetSession | Operation::DeleteSession | Operation::ListSessions => return Ok(()),
    };
    let mut rest = message;
    while rest.has_remaining() {
        let (field, wire_type) = decode_key(&mut rest).map_err(|error| malformed(&error))?;
        let part = parts.iter().find(|part| part.field == field);
        match (part, wire_type) {
            // v2alpha clients send another type here.
            (Some(part), other) if part.supported == 0 && other != WireType::LengthDelimited => {
                return Err(refused(part.name.to_owned()));
            }
            (Some(part), WireType::LengthDelimited) => {
                let length = decode_varint(&mut rest).map_err(|error| malformed(&error))?;
                let content = usize::try_from(length).ok();
                let content = content.and_then(|length| rest.split_at_checked(length));
                let (content, after) = content.ok_or_else(cut_off)?;
                part.refuse_members(content)?;
                rest = after;
            }
            _ => skip(wire_type, field, &mut rest)?,
        }
    }
    Ok(())
}

impl CheckMessage {
    fn refuse_members(&self, mut content: &[u8]) -> Result<(), Error> {
        while content.has_remaining() {
            let key = decode_key(&mut content).map_err(|error| match self.supported {
                0 => refused(self.name.to_owned()),
                _ => malformed(&error),
            });
            let (member, wire_type) = key?;
            if member > self.supported {
                let at = usize::try_from(member - 1).unwrap_or(usize::MAX);
                let what = match self.members.get(at) {
                    Some(name) => format!("{}.{name}", self.name),
                    None => format!("field {member} of {}", self.name),
                };
                return Err(refused(what));
            }
            skip(wire_type, member, &mut content)?;
        }
        Ok(())
    }
}

fn refused(what: String) -> Error {
    Error::Unimplemented(what.into())
}

fn skip(wire_type: WireType, field: u32, rest: &mut &[u8]) -> Result<(), Error> {
    skip_field(wire_type, field, rest, DecodeContext::default()).map_err(|error| malformed(&error))
}

fn malformed(error: &prost::DecodeError) -> Error {
    Error::Malformed(format!("the message can't be read: {error}"))
}

fn cut_off() -> Error {
    Error::Malformed("the message can't be read: it is cut off".to_owned())
}
