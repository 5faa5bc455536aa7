//! Influencers.

use model::{
    InfluencerId,
    influencer::{Hidden, Influencer, NewInfluencer},
    page::Page,
};

use crate::{
    Engine, Session,
    clock::new_id,
    db::{self, page::PageAt},
    error::{Error, Result},
};

impl Engine {
    pub async fn create_influencer(&self, session: &Session, new: NewInfluencer) -> Result<Influencer> {
        session.admin()?;
        let now = self.clock.now();
        let influencer = Influencer {
            id: InfluencerId(new_id(now, &mut rand::rng())),
            name: new.name.into(),
            email: Hidden::Shown(new.email.map(String::from)),
            handle: new.handle.map(String::from),
            platform: new.platform.map(String::from),
            status: new.status,
            created_at: now,
        };
        let (mut conn, version) = self.begin_change().await?;
        db::influencers::insert(&mut conn, &influencer, version).await?;
        self.commit_change(conn).await?;
        Ok(influencer)
    }

    pub async fn list_influencers(&self, session: &Session, at: PageAt) -> Result<Page<Influencer>> {
        session.admin()?;
        db::influencers::list(&mut self.db.read().await?, at).await
    }

    pub async fn influencer(&self, session: &Session, id: InfluencerId) -> Result<Influencer> {
        session.admin()?;
        db::influencers::find(&mut self.db.read().await?, id).await?.ok_or(Error::NotFound)
    }
}
