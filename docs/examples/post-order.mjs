#!/usr/bin/env node
// Reports an order to Tributary, as a shop's backend does. Needs Node 20 or newer, and nothing else.
//
//   export TRIBUTARY_URL=https://tributary.example TRIBUTARY_API_KEY=trb_live_…
//   export TRIBUTARY_SIGNING_SECRET=trb_sign_…   # where reports are signed
//   node post-order.mjs ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]
//
// REF_CODE is the ref_code that the shopper's first page had in its address; COUPON_CODE what was
// typed at the checkout. Leave out, or pass "" for, what there is not. Prints Tributary's answer.
//
// The order number makes the report idempotent: send it again as often as you like, after a timeout or
// a crash too, and the order counts once. So do run it again where it failed.
import { createHmac } from 'node:crypto';

const TRIES = 5;
const TIMEOUT_MS = 10_000;

const { TRIBUTARY_URL: url, TRIBUTARY_API_KEY: key, TRIBUTARY_SIGNING_SECRET: secret } = process.env;
const [orderNumber, value, currency, refCode, couponCode] = process.argv.slice(2);
if (!url || !key || !currency) {
  console.error('usage: post-order.mjs ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]');
  console.error('TRIBUTARY_URL and TRIBUTARY_API_KEY stand in the environment.');
  process.exit(2);
}

const event = {
  action: 'purchase',
  event_id: orderNumber,
  value, // as text: a decimal, never a binary fraction
  currency,
  ref_code: refCode,
  coupon_code: couponCode,
};

try {
  console.log(await send(event));
} catch (error) {
  console.error(`order ${orderNumber} was not taken: ${error.message}`);
  process.exitCode = 1;
}

/** Tributary's answer, as it was sent; tries again where that can help. */
async function send(event) {
  const body = JSON.stringify(event);
  for (let tried = 1; ; tried++) {
    const { status, text, retryAfter } = await post(body);
    // 201: recorded. 200: it was already. 202: safely kept, and recorded as soon as the database is back.
    if ([200, 201, 202].includes(status)) return text;
    const mayHelp = status === undefined || status === 408 || status === 429 || status >= 500;
    if (!mayHelp || tried === TRIES) throw new Error(status ? `HTTP ${status}: ${text}` : text);
    // At random up to twice as long, so that many who fail at once do not come back at once.
    const seconds = Math.max(retryAfter || 0, 2 ** (tried - 1)) * (1 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}

async function post(body) {
  const headers = { 'Content-Type': 'application/json', 'X-API-KEY': key };
  if (secret) headers['X-Signature'] = signature(body);
  // Not AbortSignal.timeout(): a program that waits for nothing else would end before it.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`none within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    const response = await fetch(new URL('/api/v1/events', url), { method: 'POST', headers, body, signal: late.signal });
    return { status: response.status, text: await response.text(), retryAfter: Number(response.headers.get('Retry-After')) };
  } catch (error) {
    // No answer: the order may have been recorded or not. Sending it again is safe.
    return { text: `no answer from ${url}: ${error.cause?.message ?? error.message}` };
  } finally {
    clearTimeout(timer);
  }
}

/** Anew for each try: it holds for 300 seconds. */
function signature(body) {
  const t = Math.floor(Date.now() / 1000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
}
