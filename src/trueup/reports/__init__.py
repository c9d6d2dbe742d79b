"""Reports: what people take out of the house, as PDF and XLSX. One file a report; how they look is in workbook and pages."""
