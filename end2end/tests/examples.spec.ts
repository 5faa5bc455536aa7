// docs/examples: what a shop's backend can copy works against a real server.
import { EXAMPLES, postOrder } from '../support/examples';
import { expect, test } from '../support/test';

for (const example of EXAMPLES) {
  test.describe(example, () => {
    test('an order that is reported twice counts once', async ({ rest, server }) => {
      const { key, link } = await rest.campaign({ destination: 'https://shop.test/' });
      const report = () => postOrder(example, { url: server.url, key }, 'A "quoted" \\ number', '19.99', 'EUR', link.code);
      const answers = [await report(), await report()].map(({ code, stdout }) => ({ code, ...JSON.parse(stdout) }));
      expect(answers).toMatchObject([
        { code: 0, duplicate: false },
        { code: 0, duplicate: true, id: answers[0].id },
      ]);
      expect(await rest.overview()).toMatchObject({ conversions: 1, gmv: [{ amount: '19.99', currency: 'EUR' }] });
    });

    test('an order that is refused says why, and the program fails', async ({ rest, server }) => {
      const { key } = await rest.campaign({ destination: 'https://shop.test/' });
      const wrong = await postOrder(example, { url: server.url, key }, 'A-1', 'ten', 'DOLLARS');
      expect(wrong).toMatchObject({ code: 1, stdout: '' });
      for (const word of ['A-1', '422', 'value', 'currency']) expect(wrong.stderr).toContain(word);

      const stranger = await postOrder(example, { url: server.url, key: 'trb_live_unknown' }, 'A-1', '10', 'USD');
      expect(stranger).toMatchObject({ code: 1, stdout: '' });
      expect(stranger.stderr).toContain('401');
      expect(await rest.overview()).toMatchObject({ conversions: 0 });
    });
  });
}
