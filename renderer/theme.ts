import { createTheme, type MantineColorsTuple } from '@mantine/core'

/** The green of a lit exit sign: money, and every act that goes forward. Shade 8 on light paper, 6 in the dark. */
const pine: MantineColorsTuple = [
  '#e6f5f2',
  '#cdeae5',
  '#a0d6cd',
  '#74c6ba',
  '#54c2b3',
  '#47c5b3',
  '#4cc9b8',
  '#178578',
  '#0b625a',
  '#064a44',
]
/** Curtain red: only for what takes something away. */
const curtain: MantineColorsTuple = [
  '#fbecee',
  '#f5d5da',
  '#eab0b9',
  '#e28b98',
  '#e48594',
  '#ea8796',
  '#f0909e',
  '#bd3a4e',
  '#9c2438',
  '#761727',
]

/** Warm greys for the counter and the foyer's dark: the library's own controls take part in the house's colours. */
const gray: MantineColorsTuple = [
  '#faf7f2',
  '#f3efe8',
  '#e9e3d9',
  '#dcd4c7',
  '#cabfaf',
  '#a89d8e',
  '#857a6d',
  '#5c5364',
  '#3d3545',
  '#211b29',
]
const dark: MantineColorsTuple = [
  '#f4eff8',
  '#bfb4cc',
  '#a294b3',
  '#8b7fa0',
  '#3c3249',
  '#2f2640',
  '#2a2236',
  '#211a2b',
  '#17121e',
  '#100c16',
]

/** autoContrast, the two shades and the permanent focus ring are what keeps every screen within WCAG 2.2 AA. */
export const theme = createTheme({
  fontFamily: "'Noto Sans SC Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Noto Sans SC Variable', system-ui, sans-serif", fontWeight: '700' },
  colors: { pine, curtain, gray, dark },
  black: '#211b29',
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 6 },
  autoContrast: true,
  focusRing: 'always',
  defaultRadius: 'md',
  radius: { md: '10px' },
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'lg' } },
    TextInput: { defaultProps: { size: 'lg' } },
    ActionIcon: { defaultProps: { size: 48, variant: 'subtle' } },
    Menu: { defaultProps: { transitionProps: { duration: 0 } } },
  },
})
