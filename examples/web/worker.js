// A background process: it listens nowhere and says every so often that it is alive.
'use strict';

const every = Number(process.env.WORKER_SECONDS || 10);

console.log(`worker: a line every ${every} s`);
const timer = setInterval(() => console.log(`worker: alive for ${Math.round(process.uptime())} s`), every * 1000);

process.on('SIGTERM', () => {
  console.log('worker: stopping');
  clearInterval(timer);
});
