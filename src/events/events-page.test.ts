import { test } from 'node:test';
import { golden } from '../test-support.ts';
import { eventsPage } from './events-page.ts';

test('docs/formats/events.md names every event, era and probed function as the catalogue has them', () => {
  golden('docs/formats/events.md', eventsPage());
});
