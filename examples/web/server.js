// A small HTTP server without dependencies. Slipway tells it where to listen in PORT.
'use strict';

const http = require('node:http');
const os = require('node:os');

const port = Number(process.env.PORT || 5000);

const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  switch (pathname) {
    case '/':
      answer(response, 200, `Hello from ${process.env.GREETING || 'web'} on ${os.hostname()}\n`);
      return;
    case '/health':
      answer(response, 200, 'ok\n');
      return;
    default:
      answer(response, 404, 'There is no such page.\n');
  }
});

function answer(response, status, text) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text);
}

server.listen(port, () => console.log(`web: listening on ${port}`));

// Finish the requests in flight, then go.
process.on('SIGTERM', () => {
  console.log('web: stopping');
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
