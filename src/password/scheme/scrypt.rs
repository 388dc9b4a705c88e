//! scrypt.
//! <https://www.rfc-editor.org/rfc/rfc7914>

use scrypt::Params;

use super::Scheme;
use super::fields::{self, OUTPUT, SALT};
use crate::password::bounds::Bounds;
use crate::password::encoding::parameters;
use crate::password::unsupported::Unsupported;

/// log₂ of the cost `N`. [`WORK`] bounds the memory, which depends on it.
const LOG_N: Bounds = Bounds::new("log2 of the scrypt cost", "", 1..=20);

const BLOCK_SIZE: Bounds = Bounds::new("scrypt block size", "", 1..=64);

const PARALLELISM: Bounds = Bounds::new("scrypt parallelism", "", 1..=64);

/// The bytes that a check writes: it allocates 128 × r × N bytes and fills them p times, one after
/// the other, half a second for each 128 MiB. OWASP asks for up to 128 MiB; other defaults are
/// 16 to 64 MiB.
const WORK: Bounds = Bounds::new(
    "scrypt memory times parallelism",
    " bytes",
    0..=256 * 1024 * 1024,
);

pub fn parse(fields: &[&str]) -> Result<Scheme, Unsupported> {
    const FIELDS: Unsupported =
        Unsupported::Malformed("the fields are not ln=…,r=…,p=…$salt$output");

    let [costs, salt, output] = fields::all(fields, FIELDS)?;
    let [mut log_n, block_size, parallelism] = parameters(costs, ["ln", "r", "p"]).ok_or(FIELDS)?;
    // Kratos writes `N` itself, which is over any logarithm that a machine could compute.
    if log_n > 63 && log_n.is_power_of_two() {
        log_n = log_n.ilog2().into();
    }
    let salt = fields::base64("salt", salt)?;
    let output = fields::base64("output", output)?;
    scheme([log_n, block_size, parallelism], salt, output)
}

/// Makes a hash of its parts. `costs` are log₂ of `N`, the block size and the parallelism.
pub fn scheme(costs: [u64; 3], salt: Vec<u8>, output: Vec<u8>) -> Result<Scheme, Unsupported> {
    const PARAMS: Unsupported = Unsupported::Malformed("the costs can't be used together");

    let [log_n, block_size, parallelism] = costs;
    let log_n = LOG_N.check(log_n)?;
    let block_size = BLOCK_SIZE.check(block_size)?;
    let parallelism = PARALLELISM.check(parallelism)?;
    WORK.check((128 * u64::from(block_size) * u64::from(parallelism)) << log_n)?;
    SALT.check_length(&salt)?;
    OUTPUT.check_length(&output)?;
    let log_n = u8::try_from(log_n).map_err(|_| PARAMS)?;
    let params = Params::new(log_n, block_size, parallelism).map_err(|_| PARAMS)?;
    let weakness = is_weak(&params).then_some("scrypt");
    Ok(Scheme::new(
        "scrypt",
        weakness,
        output,
        move |password, output, _| {
            scrypt::scrypt(password, &salt, &params, output)?;
            Ok(fields::is_hmac_key(password))
        },
    ))
}

/// Whether it costs less than OWASP asks for: a block size of 8, and a cost of 2¹⁷ with
/// parallelism 1 down to 2¹³ with parallelism 10.
fn is_weak(params: &Params) -> bool {
    const STRONG: [(u8, u32); 5] = [(17, 1), (16, 2), (15, 3), (14, 5), (13, 10)];

    !STRONG
        .into_iter()
        .any(|(log_n, p)| params.log_n() >= log_n && params.r() >= 8 && params.p() >= p)
}
