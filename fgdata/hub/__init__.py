"""The Hugging Face Hub: the token, one commit for all files of a publication, and data sets read from it."""
