// Tributary's REST API as an admin's tools and a shop's backend use it.
import { randomUUID } from 'node:crypto';
import { admin } from './server';

export type Money = { amount: string; currency: string };

export type Figures = {
  from: string;
  to: string;
  tz: string;
  clicks: number;
  bot_clicks: number;
  unique_visitors: number;
  add_to_cart: number;
  conversions: number;
  attributed_conversions: number;
  gmv: Money[];
  attributed_gmv: Money[];
  conversion_rate: number | null;
};

export type Login = { email: string; password: string };

export type Link = { id: string; code: string; url: string };

export type EventAnswer = {
  id: string;
  status: string;
  duplicate: boolean;
  attribution: { method: string; influencer_id: string | null; link_id: string | null; coupon_id: string | null; click_id: string | null };
};

/** A campaign with one influencer, who has a link and a coupon, and a key for the shop's backend. */
export type Campaign = {
  id: string;
  advertiser: { id: string; name: string };
  influencer: { id: string };
  link: Link;
  coupon: { id: string; code: string };
  key: string;
};

type NewCampaign = {
  /** Where the link leads: the shop's page. */
  destination: string;
  advertiser?: string;
  timeZone?: string;
  appendClickId?: boolean;
};

export class Rest {
  private constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  static async logIn(base: string, who = admin): Promise<Rest> {
    const { token } = await json<{ token: string }>(`${base}/api/v1/auth/login`, 'POST', {}, who);
    return new Rest(base, token);
  }

  get<T>(path: string): Promise<T> {
    return this.ask('GET', path);
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.ask('POST', path, body);
  }

  patch<T>(path: string, body: object): Promise<T> {
    return this.ask('PATCH', path, body);
  }

  /** The figures of a query such as `range=7d`. */
  overview(query = ''): Promise<Figures> {
    return this.get(`stats/overview?${query}`);
  }

  async campaign({ destination, advertiser: name = 'Lumen Skincare', timeZone, appendClickId }: NewCampaign): Promise<Campaign> {
    const advertiser = await this.post<{ id: string; name: string }>('advertisers', { name, time_zone: timeZone });
    const campaign = await this.post<{ id: string }>('campaigns', {
      advertiser_id: advertiser.id,
      name: 'Spring launch',
      destination_url: destination,
      append_click_id: appendClickId,
    });
    const influencer = await this.post<{ id: string }>('influencers', { name: 'Mara Lindqvist', handle: '@mara' });
    await this.ask('PUT', `campaigns/${campaign.id}/influencers/${influencer.id}`);
    const theirs = { campaign_id: campaign.id, influencer_id: influencer.id };
    const link = await this.post<Link>('links', theirs);
    const coupon = await this.post<{ id: string; code: string }>('coupons', { ...theirs, code: 'MARA10' });
    const { key } = await this.post<{ key: string }>(`advertisers/${advertiser.id}/api-keys`, { name: 'shop backend' });
    return { id: campaign.id, advertiser, influencer, link, coupon, key };
  }

  /** An influencer more, with a link of this campaign. */
  async joining(campaign: Campaign, name: string): Promise<{ id: string; link: Link }> {
    const { id } = await this.post<{ id: string }>('influencers', { name });
    await this.ask('PUT', `campaigns/${campaign.id}/influencers/${id}`);
    const link = await this.post<Link>('links', { campaign_id: campaign.id, influencer_id: id });
    return { id, link };
  }

  /** A login for an advertiser or an influencer, and its own way to REST. */
  async account(role: 'advertiser' | 'influencer', id: string): Promise<{ login: Login; rest: Rest }> {
    const login = { email: `${role}-${id}@tributary.test`, password: 'a long enough password' };
    await this.post('accounts', { ...login, role, [`${role}_id`]: id });
    return { login, rest: await Rest.logIn(this.base, login) };
  }

  /** What the shop's backend reports; an order gets a number of its own. */
  event(key: string, event: object): Promise<EventAnswer> {
    return json(`${this.base}/api/v1/events`, 'POST', { 'x-api-key': key }, { event_id: randomUUID(), ...event });
  }

  private ask<T>(method: string, path: string, body?: object): Promise<T> {
    return json(`${this.base}/api/v1/${path}`, method, { authorization: `Bearer ${this.token}` }, body);
  }
}

async function json<T>(url: string, method: string, headers: Record<string, string>, body?: object): Promise<T> {
  const sent = body && JSON.stringify(body);
  const answer = await fetch(url, { method, headers: { ...headers, ...(sent && { 'content-type': 'application/json' }) }, body: sent });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

/** An RFC 3339 moment so many days ago. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}
