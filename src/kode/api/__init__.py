"""The types of the API, one module per kind, and the CRDs made from them."""
