//! Lambda functions behind API Gateway, function URLs and load balancers.

pub mod authorizer;
pub mod event;
