//! A customer to be erased, and what that came to.

use serde::{Deserialize, Serialize};

use crate::{Fields, FromFields, text::CustomerId};

/// Which customer of an advertiser, by the shop's own id.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerErasure {
    /// As the shop's events name it.
    #[cfg_attr(feature = "openapi", schema(value_type = CustomerId))]
    pub customer_id: CustomerId,
}

impl FromFields for CustomerErasure {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { customer_id: fields.require("customer_id")? })
    }
}

/// How much there was of a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Erased {
    /// Events that are gone, from the figures too.
    pub events: i64,
    /// Failed calls that named the customer, whose bodies are gone.
    pub failures: i64,
}
