"""The pages as Streamlit draws them, one module a page: they ask `views` and lay out what comes."""
