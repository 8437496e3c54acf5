"""The node's face: REST and gRPC, authentication, decoding and encoding; no index is held here."""
