import { at, expect, join1, picture, test } from '../demo.ts';

test('the tour goes from consent to a blocked person who is Inactive, and can be left and gone on with', async ({ page, demo }) => {
  await join1(page, demo);
  await picture(page, 'tour-offer');
  const tour = page.locator('.card.tour');
  const step = (n: number, heading: RegExp) => Promise.all([
    expect(tour).toContainText(`Step ${n} of 5`), expect(tour.getByRole('heading')).toHaveText(heading),
  ]);
  await page.getByRole('button', { name: 'Take the tour' }).click();
  await step(1, /consent/);
  await expect(page).toHaveURL(/connections\//);
  await expect(page.getByText('The tenant grants what is needed.')).toBeVisible();
  await picture(page, 'tour-consent');
  await page.getByRole('link', { name: 'Renew consent' }).click();
  await page.getByRole('button', { name: 'Accept at Microsoft' }).click();
  await page.getByRole('button', { name: 'Alex Admin' }).click();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await step(1, /consent/);
  await expect(page.getByText('Granted', { exact: true })).toHaveCount(3);
  await tour.getByRole('button', { name: 'Next step' }).click();
  await step(2, /first sync/);
  await tour.getByRole('button', { name: 'Leave the tour' }).click();
  await page.goto(at(demo, '/users'));
  await expect(tour).toHaveCount(0);
  await page.goto(at(demo, '/overview'));
  await tour.getByRole('button', { name: 'Go on with step 2' }).click();
  await tour.getByRole('button', { name: 'Next step' }).click();
  await step(3, /in the directory/);
  await expect(page).toHaveURL(/\/users\//);
  await tour.getByRole('button', { name: 'Next step' }).click();
  await step(4, /Block/);
  await picture(page, 'tour-step');
  await page.getByRole('button', { name: 'Block sign-in' }).click();
  await expect(page.locator('#effect section').first()).toContainText('Inactive', { timeout: 20_000 });
  await tour.getByRole('button', { name: 'Next step' }).click();
  await step(5, /become Inactive/);
  await expect(tour).toContainText('Done');
  await expect(page.locator('main')).toContainText('Sign-in is blocked in Entra');
  await tour.getByRole('button', { name: 'Finish' }).click();
  await expect(tour).toHaveCount(0);
});
