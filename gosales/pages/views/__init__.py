"""What the pages show, page by page: stored tables in, Polars frames and charts out; no Streamlit."""
