//! The pages. Each fetches; components render.

mod composed;
mod dashboard;
mod home;
mod login;
mod not_found;

pub use composed::ComposedPage;
pub use dashboard::DashboardPage;
pub use home::HomePage;
pub use login::LogInPage;
pub use not_found::NotFoundPage;
