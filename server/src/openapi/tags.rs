//! The chapters of the API's document.

pub const ACCOUNTS: &str = "Accounts";
pub const ACTIVITY: &str = "Activity";
pub const ADVERTISERS: &str = "Advertisers";
pub const API_KEYS: &str = "API keys";
pub const CAMPAIGNS: &str = "Campaigns";
pub const COUPONS: &str = "Coupons";
pub const EVENTS: &str = "Events";
pub const FAILURES: &str = "Failures";
pub const FIGURES: &str = "Figures";
pub const INFLUENCERS: &str = "Influencers";
pub const LINKS: &str = "Tracking links";
pub const OWN: &str = "An influencer's own";
pub const PLATFORM: &str = "Platform";
pub const SESSION: &str = "Session";
