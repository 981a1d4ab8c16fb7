export type { Call, Headers } from './call.ts';
export type { RpcClient } from './client.ts';
export { GrpcJsClient, type GrpcJsClientInit, type Tls } from './grpc-js/grpc-js-client.ts';
export { type GrpcWebInit, grpcWeb } from './grpc-web/grpc-web.ts';
export { type HttpHandler, HttpServer, type HttpServerInit } from './http1/http-server.ts';
export { writeTo } from './http1/write-to.ts';
export { Http2Server } from './http2/http2-server.ts';
export { Port, parseAddress } from './port.ts';
export { type LentMessage, type Message, piecesOf, type Requests, type Route, type Routes } from './route.ts';
export {
  type Address,
  defaultLimits,
  type Http1,
  type Limits,
  type Observer,
  type RpcServer,
  type RpcServerInit,
} from './server.ts';
export { codeOf, type Status, statusOf } from './status.ts';
