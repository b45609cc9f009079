"""The desk on a screen: Streamlit pages, a view of the database. Long work goes through `app.jobs`."""
