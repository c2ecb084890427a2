"""Write a CNN once; get the figure, the table and the runnable model, and know that they agree."""
