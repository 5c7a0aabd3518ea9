// An Express app, as its documentation would write it. Slipway tells it where to listen in PORT.
'use strict';

const express = require('express');

const app = express();
const port = Number(process.env.PORT || 5000);

app.set('trust proxy', true); // the client's address and scheme come in X-Forwarded-*
app.disable('x-powered-by');

app.get('/', (request, response) => {
  response.type('text').send(`Hello from Express at ${request.protocol}://${request.get('host')}\n`);
});

app.get('/hello/:name', (request, response) => {
  response.json({ hello: request.params.name, from: request.ip });
});

const server = app.listen(port, (error) => {
  if (error) {
    throw error;
  }
  console.log(`express: listening on ${port}`);
});

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
