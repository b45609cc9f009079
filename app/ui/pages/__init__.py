"""The pages of the desk, one file each; `app.ui.main` names them."""
