#!/usr/bin/env php
<?php
// Reports an order to Tributary, as a shop's backend does. Needs PHP 7.4 or newer, and no extension.
//
//   export TRIBUTARY_URL=https://tributary.example TRIBUTARY_API_KEY=trb_live_…
//   export TRIBUTARY_SIGNING_SECRET=trb_sign_…   # where reports are signed
//   php post-order.php ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]
//
// REF_CODE is the ref_code that the shopper's first page had in its address; COUPON_CODE what was
// typed at the checkout. Leave out, or pass "" for, what there is not. Prints Tributary's answer.
//
// The order number makes the report idempotent: send it again as often as you like, after a timeout or
// a crash too, and the order counts once. So do run it again where it failed.
declare(strict_types=1);

const TRIES = 5;
const TIMEOUT_S = 10;

define('URL', rtrim(getenv('TRIBUTARY_URL') ?: '', '/'));
define('KEY', getenv('TRIBUTARY_API_KEY') ?: '');
define('SECRET', getenv('TRIBUTARY_SIGNING_SECRET') ?: '');

if (URL === '' || KEY === '' || $argc < 4) {
    fwrite(STDERR, "usage: post-order.php ORDER_NUMBER VALUE CURRENCY [REF_CODE [COUPON_CODE]]\n");
    fwrite(STDERR, "TRIBUTARY_URL and TRIBUTARY_API_KEY stand in the environment.\n");
    exit(2);
}

try {
    echo send([
        'action' => 'purchase',
        'event_id' => $argv[1],
        'value' => $argv[2], // as text: a decimal, never a binary fraction
        'currency' => $argv[3],
        'ref_code' => $argv[4] ?? '',
        'coupon_code' => $argv[5] ?? '',
    ]), "\n";
} catch (RuntimeException $error) {
    fwrite(STDERR, "order $argv[1] was not taken: {$error->getMessage()}\n");
    exit(1);
}

/** Tributary's answer, as it was sent; tries again where that can help. */
function send(array $event): string
{
    $body = json_encode($event, JSON_THROW_ON_ERROR);
    for ($tried = 1; ; $tried++) {
        [$status, $text, $retryAfter] = post($body);
        // 201: recorded. 200: it was already. 202: safely kept, and recorded as soon as the database is back.
        if (in_array($status, [200, 201, 202], true)) {
            return $text;
        }
        $mayHelp = in_array($status, [0, 408, 429], true) || $status >= 500;
        if (!$mayHelp || $tried === TRIES) {
            throw new RuntimeException($status ? "HTTP $status: $text" : $text);
        }
        // At random up to twice as long, so that many who fail at once do not come back at once.
        usleep((int) (max($retryAfter, 2 ** ($tried - 1)) * random_int(1_000_000, 2_000_000)));
    }
}

/** Status, or 0 where there is none; body; seconds of Retry-After, or 0. */
function post(string $body): array
{
    $headers = ['Content-Type: application/json', 'X-API-KEY: ' . KEY];
    if (SECRET !== '') {
        $headers[] = 'X-Signature: ' . signature($body);
    }
    $http = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'timeout' => TIMEOUT_S, 'ignore_errors' => true];
    $stream = @fopen(URL . '/api/v1/events', 'rb', false, stream_context_create(['http' => $http]));
    $text = $stream ? stream_get_contents($stream) : false;
    if ($text === false || stream_get_meta_data($stream)['timed_out']) {
        // No answer: the order may have been recorded or not. Sending it again is safe.
        return [0, 'no answer from ' . URL . ': ' . (error_get_last()['message'] ?? 'timed out'), 0];
    }
    $answered = implode("\n", stream_get_meta_data($stream)['wrapper_data']);
    preg_match('/^HTTP\/\S+ (\d+)/', $answered, $status);
    preg_match('/^Retry-After: (\d+)/im', $answered, $retryAfter);
    return [(int) $status[1], $text, (int) ($retryAfter[1] ?? 0)];
}

/** Anew for each try: it holds for 300 seconds. */
function signature(string $body): string
{
    $t = time();
    return "t=$t,v1=" . hash_hmac('sha256', "$t.$body", SECRET);
}
