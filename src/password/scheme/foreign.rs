//! Hash strings in the forms of other programs: with a prefix in braces, as Spring and LDAP
//! servers write them, and those of Django, Werkzeug, Nextcloud, MediaWiki, better-auth and
//! ASP.NET.

use super::bcrypt::PreHash;
use super::pbkdf2::Digest;
use super::{Scheme, bcrypt, crypt, fields, pbkdf2, scrypt};
use crate::base64;
use crate::password::encoding::{decimal, from_hex, is_hexadecimal};
use crate::password::unsupported::Unsupported;

const OUTPUT_ENCODING: Unsupported = Unsupported::NotBase64("output");
const OUTPUT_DIGITS: Unsupported = Unsupported::Malformed("the output is not hexadecimal");

/// Reads `{id}hash`, as Spring Security and LDAP servers write it, with the id in upper or lower
/// case. `None`: the string has another form.
/// <https://docs.spring.io/spring-security/reference/features/authentication/password-storage.html>,
/// <https://www.rfc-editor.org/rfc/rfc2307#section-5.3>
pub fn parse_prefixed(text: &str) -> Option<Result<Scheme, Unsupported>> {
    let (id, hash) = text.strip_prefix('{')?.split_once('}')?;
    let id = id.to_ascii_uppercase();
    // Behind `@` Spring names the version of its defaults, which the form of the hash shows too.
    let id = id.split('@').next().unwrap_or_default();
    Some(match id {
        "CRYPT" => match crypt::parse(hash) {
            Err(Unsupported::NotAHash | Unsupported::UnknownAlgorithm) => Err(Unsupported::Crypt),
            scheme => scheme,
        },
        "BCRYPT" | "BLF-CRYPT" | "ARGON2" | "ARGON2I" | "ARGON2ID" | "SHA256-CRYPT"
        | "SHA512-CRYPT" => crypt::parse(hash),
        "SCRYPT" => parse_spring_scrypt(hash),
        "PBKDF2" if !hash.contains('$') => parse_spring_pbkdf2(hash),
        "PBKDF2" | "PBKDF2-SHA1" => parse_pbkdf2(Digest::SHA1, hash),
        "PBKDF2-SHA256" => parse_pbkdf2(Digest::SHA256, hash),
        "PBKDF2-SHA512" => parse_pbkdf2(Digest::SHA512, hash),
        "PBKDF2_SHA256" if hash.contains('$') => parse_pbkdf2(Digest::SHA256, hash),
        "PBKDF2_SHA256" => parse_389_pbkdf2(hash),
        "SSHA" | "SSHA224" | "SSHA256" | "SSHA384" | "SSHA512" | "SHA" | "SHA224" | "SHA256"
        | "SHA384" | "SHA512" | "SHA-1" | "SHA-256" | "MD5" | "SMD5" | "MD4" | "NOOP" | "LDAP"
        | "PLAIN" | "CLEARTEXT" | "SASL" | "LANMAN" | "NT" | "X-NTHASH" | "X-LANMAN" | "NTLM"
        | "LM" | "KERBEROS" | "KEYTAB" | "PKCS5S2" | "SCRAM-SHA-1" | "SCRAM-SHA-256"
        | "SCRAM-SHA-512" | "CRAM-MD5" | "HMAC-MD5" | "DIGEST-MD5" | "PLAIN-MD5" | "LDAP-MD5"
        | "MD5-CRYPT" | "SHA-512" | "SSHA3-256" | "SSHA3-512" | "NS-MTA-MD5" | "CLEAR"
        | "PLAINTEXT" | "NONE" | "PBKDF2-SHA384" => Err(Unsupported::Prefix(id.to_owned())),
        _ => Err(Unsupported::UnknownPrefix),
    })
}

/// Reads rounds, salt and output as OpenLDAP's `pw-pbkdf2` writes them.
fn parse_pbkdf2(digest: Digest, hash: &str) -> Result<Scheme, Unsupported> {
    let fields: Vec<_> = hash.split('$').collect();
    pbkdf2::parse(digest, &fields)
}

/// Reads the base64 of 389 Directory Server: four bytes of rounds, big-endian, 64 of salt and 256 of
/// output.
fn parse_389_pbkdf2(hash: &str) -> Result<Scheme, Unsupported> {
    const FORM: Unsupported = Unsupported::Malformed(
        "the hash is not base64 of 324 bytes, as 389 Directory Server has it",
    );

    let bytes = base64::decode(hash).filter(|bytes| bytes.len() == 4 + 64 + 256);
    let bytes = bytes.ok_or(FORM)?;
    let (rounds, rest) = bytes.split_first_chunk().ok_or(FORM)?;
    let (salt, output) = rest.split_at(64);
    let rounds = u32::from_be_bytes(*rounds).into();
    pbkdf2::scheme(Digest::SHA256, rounds, salt.to_vec(), output.to_vec())
}

/// Reads a hash of Spring's `Pbkdf2PasswordEncoder` with its default costs, which the string
/// doesn't name: from version 5.8 on SHA-256, 310,000 rounds and a salt of 16 bytes; before it
/// SHA-1, 185,000 rounds and 8 bytes. The string is the salt and 32 bytes of output, in hexadecimal
/// or base64.
fn parse_spring_pbkdf2(hash: &str) -> Result<Scheme, Unsupported> {
    const FORM: Unsupported = Unsupported::Malformed(
        "the hash is not 40 or 48 bytes of salt and output, as Spring's defaults have it",
    );

    let bytes = from_hex(hash).or_else(|| base64::decode(hash));
    let bytes = bytes.ok_or(FORM)?;
    let (digest, rounds, salt) = match bytes.len() {
        48 => (Digest::SHA256, 310_000, 16),
        40 => (Digest::SHA1, 185_000, 8),
        _ => return Err(FORM),
    };
    let (salt, output) = bytes.split_at(salt);
    pbkdf2::scheme(digest, rounds, salt.to_vec(), output.to_vec())
}

/// Reads a hash of Spring's `SCryptPasswordEncoder`: `$e0801$salt$output`. The first field has, in
/// hexadecimal, log₂ of the cost, then eight bits of block size and eight of parallelism.
fn parse_spring_scrypt(hash: &str) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not $parameters$salt$output, as Spring has them");

    let fields: Vec<_> = hash.split('$').collect();
    let ["", params, salt, output] = fields[..] else {
        return Err(FIELDS);
    };
    let params = u64::from_str_radix(params, 16).map_err(|_| FIELDS)?;
    let costs = [params >> 16, params >> 8 & 0xff, params & 0xff];
    let salt = fields::base64("salt", salt)?;
    let output = fields::base64("output", output)?;
    scrypt::scheme(costs, salt, output)
}

/// Reads the strings of Django and Werkzeug, which begin with the name of an algorithm. `None`:
/// the string is of neither.
/// <https://docs.djangoproject.com/en/stable/topics/auth/passwords/>,
/// <https://werkzeug.palletsprojects.com/en/stable/utils/#werkzeug.security.generate_password_hash>
pub fn parse_named(text: &str) -> Option<Result<Scheme, Unsupported>> {
    let (name, rest) = text.split_once('$')?;
    let fields: Vec<_> = rest.split('$').collect();
    let mut method = name.split(':');
    let name = method.next()?;
    let costs: Vec<_> = method.collect();
    let scheme = match (name, &costs[..]) {
        ("pbkdf2_sha256", []) => parse_django_pbkdf2(Digest::SHA256, &fields),
        ("pbkdf2_sha1", []) => parse_django_pbkdf2(Digest::SHA1, &fields),
        ("bcrypt", []) => crypt::parse(rest),
        // bcrypt of the password's SHA-256 in hexadecimal.
        ("bcrypt_sha256", []) => bcrypt::parse_crypt(rest, PreHash::Sha256Hex),
        ("argon2", []) => crypt::parse(&format!("${rest}")),
        ("scrypt", []) => parse_django_scrypt(&fields),
        ("pbkdf2", [digest, costs @ ..]) => parse_werkzeug_pbkdf2(digest, costs, &fields),
        ("scrypt", [n, r, p]) => parse_werkzeug_scrypt([n, r, p], &fields),
        _ => return None,
    };
    Some(scheme)
}

fn parse_django_pbkdf2(digest: Digest, fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported = Unsupported::Malformed("the fields are not rounds$salt$output");

    let [rounds, salt, output] = fields::all(fields, FIELDS)?;
    let rounds = decimal(rounds).ok_or(FIELDS)?;
    let output = base64::decode(output).ok_or(OUTPUT_ENCODING)?;
    // The characters of the salt are its bytes.
    pbkdf2::scheme(digest, rounds, salt.into(), output)
}

fn parse_django_scrypt(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported = Unsupported::Malformed("the fields are not N$salt$r$p$output");

    let [n, salt, r, p, output] = fields::all(fields, FIELDS)?;
    let output = base64::decode(output).ok_or(OUTPUT_ENCODING)?;
    let costs = scrypt_costs([n, r, p]).ok_or(FIELDS)?;
    scrypt::scheme(costs, salt.into(), output)
}

fn parse_werkzeug_pbkdf2(
    digest: &str,
    costs: &[&str],
    fields: &[&str],
) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not pbkdf2:digest:rounds$salt$output");

    let digest = Digest::from_name(digest)?;
    let (&[rounds], &[salt, output]) = (costs, fields) else {
        return Err(FIELDS);
    };
    let rounds = decimal(rounds).ok_or(FIELDS)?;
    let output = from_hex(output).ok_or(OUTPUT_DIGITS)?;
    pbkdf2::scheme(digest, rounds, salt.into(), output)
}

fn parse_werkzeug_scrypt(costs: [&str; 3], fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not scrypt:N:r:p$salt$output");

    let [salt, output] = fields::all(fields, FIELDS)?;
    let costs = scrypt_costs(costs).ok_or(FIELDS)?;
    let output = from_hex(output).ok_or(OUTPUT_DIGITS)?;
    scrypt::scheme(costs, salt.into(), output)
}

/// log₂ of the cost, the block size and the parallelism.
fn scrypt_costs([n, r, p]: [&str; 3]) -> Option<[u64; 3]> {
    let n = decimal(n)?;
    let log_n = n.is_power_of_two().then(|| n.trailing_zeros().into())?;
    Some([log_n, decimal(r)?, decimal(p)?])
}

/// Reads a whole string behind the version of Nextcloud's hasher. `None`: it is not Nextcloud's.
/// <https://github.com/nextcloud/server/blob/master/lib/private/Security/Hasher.php>
pub fn parse_nextcloud(text: &str) -> Option<Result<Scheme, Unsupported>> {
    let (version, hash) = text.split_once('|')?;
    matches!(version, "1" | "2" | "3").then(|| crypt::parse(hash))
}

/// Reads `:pbkdf2:digest:rounds:length:salt:output`. `None`: it is not MediaWiki's PBKDF2.
/// <https://www.mediawiki.org/wiki/Manual:$wgPasswordConfig>
pub fn parse_mediawiki(text: &str) -> Option<Result<Scheme, Unsupported>> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not :pbkdf2:digest:rounds:length:salt:output");

    let fields: Vec<_> = text.strip_prefix(":pbkdf2:")?.split(':').collect();
    let parse = || {
        let [digest, rounds, length, salt, output] = fields::all(&fields, FIELDS)?;
        let digest = Digest::from_name(digest)?;
        let (rounds, length) = decimal(rounds).zip(decimal(length)).ok_or(FIELDS)?;
        pbkdf2::decode(digest, (rounds, Some(length)), [salt, output])
    };
    Some(parse())
}

/// Reads better-auth's `salt:output`, both in hexadecimal: scrypt with fixed costs, of whose salt
/// the digits themselves are hashed. `None`: it is not better-auth's.
/// <https://www.better-auth.com/docs/authentication/email-password>
pub fn parse_better_auth(text: &str) -> Option<Result<Scheme, Unsupported>> {
    const COSTS: [u64; 3] = [14, 16, 1];
    const DIGITS: usize = 2 * 64;

    let (salt, output) = text.split_once(':')?;
    let is_it = is_hexadecimal(salt) && is_hexadecimal(output) && output.len() == DIGITS;
    let output = from_hex(output).filter(|_| is_it)?;
    Some(scrypt::scheme(COSTS, salt.into(), output))
}

/// Reads the strings of ASP.NET Core Identity, version 3: base64 of the byte 1, of the digest's
/// number, the rounds and the salt's length (each of four bytes, big-endian), of the salt and the
/// output. `None`: the string is not one of them.
/// <https://github.com/dotnet/aspnetcore/blob/main/src/Identity/Extensions.Core/src/PasswordHasher.cs>
pub fn parse_aspnet(text: &str) -> Option<Result<Scheme, Unsupported>> {
    let bytes = base64::decode(text)?;
    let (head, rest) = bytes.split_first_chunk::<13>()?;
    let number = |at: usize| {
        let bytes = head[at..at + 4].try_into().unwrap_or_default();
        u32::from_be_bytes(bytes)
    };
    let digest = match (head[0], number(1)) {
        (1, 0) => Digest::SHA1,
        (1, 1) => Digest::SHA256,
        (1, 2) => Digest::SHA512,
        _ => return None,
    };
    let (salt, output) = rest.split_at_checked(usize::try_from(number(9)).ok()?)?;
    let rounds = number(5).into();
    Some(pbkdf2::scheme(
        digest,
        rounds,
        salt.to_vec(),
        output.to_vec(),
    ))
}
