/** The library on a machine: all of `index.ts`, captures by path, and pictures. */
export * from './index.ts';
export { type OpenOptions, openCapture } from './read/file.ts';
export { svgToPng } from './report/png.ts';
