"""The networks that find people in a picture, brought into the form that OpenCV runs."""
